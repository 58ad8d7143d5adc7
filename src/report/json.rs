//! `report.json`.

use super::{event_name, evidence_name, way_name};
use backends::chip::energy::Bill;
use backends::chip::mesh::Mesh;
use backends::chip::report::{Limit, Report};
use backends::chip::timing::StepTime;
use backends::chip::traffic::{Counts, Traffic};
use serde_json::{Map, Value, json};

/// The report of the network `name`, for programs.
pub fn json(report: &Report, name: &str) -> Value {
    let binding = report.binding();
    json!({
        "format": "saltus-mapping-1",
        "network": name,
        "chip": report.chip,
        "switches": pairs(&report.switches),
        "fits": report.fits(),
        "binding": binding.map(|limit| json!({
            "limit": limit.name,
            "share": limit.tightness(),
            "core": limit.binding().and_then(|(core, _)| report.cores.get(core)).map(|core| core.site),
        })),
        "limits": report.limits.iter().map(|limit| limit_of(limit, report)).collect::<Vec<_>>(),
        "cores_used": report.cores.len(),
        "cores_at_least": report.fewest_cores(),
        "chips_used": report.chips(),
        "mesh": mesh(&report.mesh),
        "cores": cores(report),
        "added": report.added.iter().map(|(what, count)| (what.clone(), json!(count))).collect::<Map<_, _>>(),
        "weights": report.projections.iter().map(|loss| json!({
            "projection": loss.projection,
            "synapses": loss.synapses,
            "max_error": loss.max_error,
            "rms_error": loss.rms_error,
            "saturated": loss.saturated,
            "unit": loss.unit,
        })).collect::<Vec<_>>(),
        "parameters": report.parameters.iter().map(|loss| json!({
            "population": loss.population,
            "parameter": loss.parameter,
            "requested": loss.requested,
            "realised": loss.realised,
            "unit": loss.unit,
        })).collect::<Vec<_>>(),
        "traffic": report.traffic.as_ref().map(traffic),
        "energy": report.energy.iter().map(bill).collect::<Vec<_>>(),
        "time": report.time.as_ref().map(time),
        "provenance": pairs(&report.provenance),
    })
}

fn pairs(list: &[(String, String)]) -> Map<String, Value> {
    list.iter().map(|(what, value)| (what.clone(), json!(value))).collect()
}

fn limit_of(limit: &Limit, report: &Report) -> Value {
    let binding = limit.binding();
    json!({
        "name": limit.name,
        "limit": limit.limit,
        "used": binding.map(|(_, used)| used),
        "slack": binding.map(|(_, used)| limit.limit as i64 - used as i64),
        "binding_core": binding.and_then(|(core, _)| report.cores.get(core)).map(|core| core.site),
        "mean": limit.mean(),
        "least": limit.least(),
        "demand": limit.demand,
        "cores_at_least": limit.cores_needed(),
        "source": limit.source,
    })
}

fn mesh(mesh: &Mesh) -> Value {
    json!({
        "chips": mesh.chips,
        "columns": mesh.columns,
        "rows": mesh.rows,
        "cores_per_tile": mesh.cores_per_tile,
    })
}

fn cores(report: &Report) -> Vec<Value> {
    let one = |(place, core): (usize, &backends::chip::report::Core)| {
        let (x, y) = report.mesh.tile(core.site);
        let used = report.limits.iter().map(|limit| (limit.name.clone(), json!(limit.used.get(place))));
        let populations = core.populations.iter().map(|(name, neurons)| (name.clone(), json!(neurons)));
        json!({
            "site": core.site,
            "chip": report.mesh.chip(core.site),
            "tile": [x, y],
            "used": used.collect::<Map<_, _>>(),
            "populations": populations.collect::<Map<_, _>>(),
        })
    };
    report.cores.iter().enumerate().map(one).collect()
}

fn counts(counts: &Counts) -> Value {
    json!({
        "spikes": counts.spikes,
        "messages": counts.messages,
        "local_deliveries": counts.local_deliveries,
        "synaptic_events": counts.synaptic_events,
        "local_events": counts.local_events,
        "hops_x": counts.hops_x,
        "hops_y": counts.hops_y,
        "chip_crossings": counts.crossings,
    })
}

fn traffic(traffic: &Traffic) -> Value {
    let by_step = traffic.by_step.iter().map(|step| {
        json!([
            step.step,
            step.counts.spikes,
            step.counts.messages,
            step.counts.synaptic_events,
            step.counts.hops()
        ])
    });
    let links = traffic.links.iter().map(|(link, load)| json!([link.x, link.y, way_name(link.way), load]));
    json!({
        "steps": traffic.steps,
        "total": counts(&traffic.total),
        "mean_hops": traffic.mean_hops(),
        "most_hops": traffic.most_hops,
        "locality": traffic.locality(),
        "multicast_tree_edges": traffic.tree_edges,
        "peak": traffic.peak().map(|peak| json!({ "step": peak.step, "counts": counts(&peak.counts) })),
        "hottest_link": traffic.hottest().map(|(link, load, share)| json!({
            "x": link.x, "y": link.y, "way": way_name(link.way), "messages": load, "share_of_hops": share,
        })),
        "links": { "columns": ["x", "y", "way", "messages"], "rows": links.collect::<Vec<_>>() },
        "by_step": {
            "columns": ["step", "spikes", "messages", "synaptic_events", "hops"],
            "rows": by_step.collect::<Vec<_>>(),
        },
        "synaptic_events_of_core": traffic.events_of_core,
    })
}

fn bill(bill: &Bill) -> Value {
    let terms = bill.terms.iter().map(|term| {
        json!({
            "event": event_name(term.price.event),
            "count": term.count,
            "price_pj": term.price.picojoules,
            "energy_pj": term.picojoules(),
        })
    });
    json!({
        "prices": bill.prices.name,
        "source": bill.prices.source,
        "evidence": evidence_name(bill.prices.evidence),
        "conditions": bill.prices.conditions,
        "error": bill.prices.error,
        "terms": terms.collect::<Vec<_>>(),
        "dynamic_pj": bill.dynamic(),
        "standing_pj": bill.standing,
        "standing_source": bill.prices.standing.map(|(_, source)| source),
        "unpriced": bill.prices.unpriced,
    })
}

fn time(time: &StepTime) -> Value {
    json!({
        "kind": "model, not measurement",
        "source": time.source,
        "error": time.error,
        "core_ns": time.core,
        "network_ns": time.network,
        "barrier_ns": time.barrier,
        "mean_step_ns": time.mean(),
        "longest_step_ns": time.longest,
        "steps_per_s": time.steps_per_second(),
    })
}
