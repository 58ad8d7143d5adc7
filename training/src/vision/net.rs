//! A network: the first convolution, stages of blocks, and what is read out.

use crate::vision::blocks::{Between, Block, Dense, Place, Plain, Residual};
use crate::vision::dssa::{Dssa, Gwffn};
use crate::vision::pass::{Layer, Map, Pass};
use crate::vision::sgl::Sgl;
use crate::weights::{Declaration, Start};
use burn::tensor::Tensor;

/// What blocks are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Convolutions, with a way around.
    Plain(Residual),
    /// Dual spike self-attention and a feed-forward network, as in SpikingResformer.
    Dssa,
    /// Local and global spiking self-attention, as in SGLFormer.
    Sgl,
}

/// What a network is.
#[derive(Clone, Debug)]
pub struct Sizes {
    /// Rows, columns and planes of a picture.
    pub picture: Place,
    /// How many answers there are.
    pub classes: usize,
    /// What blocks are.
    pub kind: Kind,
    /// Channels of each stage.
    pub channels: Vec<usize>,
    /// Blocks of each stage.
    pub blocks: Vec<usize>,
    /// Channels of a head of attention.
    pub head: usize,
    /// Rows and columns of a patch in each stage (DSSA).
    pub patches: Vec<usize>,
    /// How much wider feed-forward networks are inside.
    pub expand: usize,
    /// Channels of a group in them (GWFFN).
    pub group: usize,
    /// Steps that a picture is shown for.
    pub steps: usize,
}

impl Sizes {
    /// What the maps of each stage are.
    pub fn places(&self) -> Vec<Place> {
        let halved = |size: usize, stage: usize| (0..stage).fold(size, |size, _| size.div_ceil(2));
        let place = |(stage, &channels): (usize, &usize)| Place {
            height: halved(self.picture.height, stage),
            width: halved(self.picture.width, stage),
            channels,
        };
        self.channels.iter().enumerate().map(place).collect()
    }

    /// Convolutions of 3 × 3 one after the other, and the read-out; of plain blocks only.
    pub fn depth(&self) -> usize {
        1 + self.channels.len() + 2 * self.blocks.iter().sum::<usize>()
    }

    /// Why there is no such network, if there is none.
    pub fn refused(&self) -> Option<String> {
        let stages = self.channels.len();
        if self.blocks.len() != stages {
            return Some(format!("blocks has {} stages, and channels has {stages}", self.blocks.len()));
        }
        let with_blocks =
            self.places().into_iter().zip(&self.blocks).enumerate().filter(|(_, (_, n))| **n > 0);
        for (stage, (place, _)) in with_blocks {
            let Place { height, width, channels } = place;
            if self.kind != Kind::Dssa && self.kind != Kind::Sgl {
                continue;
            }
            if !channels.is_multiple_of(self.head) {
                return Some(format!("head is {}, which does not divide {channels} channels", self.head));
            }
            let (cut, what) = match self.kind {
                Kind::Dssa if self.patches.len() != stages => {
                    return Some(format!(
                        "patch has {} stages, and channels has {stages}",
                        self.patches.len()
                    ));
                }
                Kind::Dssa => (self.patches[stage], "patches"),
                _ => (2, "partitions"),
            };
            if !height.is_multiple_of(cut) || !width.is_multiple_of(cut) {
                let stage = stage + 1;
                return Some(format!(
                    "maps of stage {stage} are {height} × {width}, and {what} cut them by {cut}"
                ));
            }
            let inside = channels * self.expand;
            if self.kind == Kind::Dssa && !inside.is_multiple_of(self.group.min(inside)) {
                return Some(format!("group is {}, which does not divide {inside} channels", self.group));
            }
        }
        None
    }
}

/// A stage: how maps come in, if not from the picture, and its blocks.
struct Stage {
    halving: Option<Layer>,
    blocks: Vec<Box<dyn Block>>,
}

/// A network.
pub struct Net {
    sizes: Sizes,
    first: Layer,
    stages: Vec<Stage>,
}

impl Net {
    /// Of these sizes, which are not refused.
    pub fn new(sizes: Sizes) -> Self {
        let places = sizes.places();
        let stage = |(k, &place): (usize, &Place)| Stage {
            halving: (k > 0)
                .then(|| places[k - 1].layer(format!("stage{}.in", k + 1), 3, 2, place.channels, 1)),
            blocks: blocks(&sizes, k, place),
        };
        Self {
            first: sizes.picture.layer("first".into(), 3, 1, sizes.channels[0], 1),
            stages: places.iter().enumerate().map(stage).collect(),
            sizes,
        }
    }

    /// What it holds.
    pub fn declarations(&self) -> Vec<Declaration> {
        let mut all = Vec::new();
        self.first.declare(&mut all);
        for stage in &self.stages {
            stage.halving.iter().for_each(|layer| layer.declare(&mut all));
            stage.blocks.iter().for_each(|block| block.declare(&mut all));
        }
        let last = self.sizes.channels.last().copied().unwrap_or(1);
        let start = Start::Uniform((3.0 / last as f32).sqrt());
        all.push(Declaration::new("output.weight", [last, self.sizes.classes], start));
        all.push(Declaration::new("output.bias", [self.sizes.classes], Start::Constant(0.0)).undecayed());
        all
    }

    fn between(&self) -> Between {
        match self.sizes.kind {
            Kind::Plain(residual) => residual.between(),
            Kind::Dssa => Between::Membranes,
            Kind::Sgl => Between::Spikes,
        }
    }

    /// Logits `[picture][class]`, averaged over steps, for pictures `[picture · row · column][plane]`.
    pub fn logits(&self, pass: &mut Pass<'_>, pictures: Tensor<2>) -> Tensor<2> {
        let Place { height, width, .. } = self.sizes.picture;
        let samples = pictures.dims()[0] / (height * width);
        let seen = self.first.of(pass, &Map { x: pictures, height, width });
        // The picture is the same in every step, and so is what its convolution makes of it.
        let repeated = seen.x.clone().repeat_dim(0, self.sizes.steps);
        let (between, mut map) = (self.between(), seen.with(repeated));
        if between == Between::Spikes {
            map = pass.fire(&map);
        }
        for stage in &self.stages {
            if let Some(halving) = &stage.halving {
                map = between.through(pass, halving, &map);
            }
            map = stage.blocks.iter().fold(map, |map, block| block.of(pass, map));
        }
        if between == Between::Membranes {
            map = pass.fire(&map);
        }
        let (places, channels) = (map.places(), map.channels());
        let rates = map.x.reshape([self.sizes.steps, samples, places, channels]).mean_dims(&[0, 2]);
        let bias = pass.weights.get::<1>("output.bias").unsqueeze::<2>();
        rates.reshape([samples, channels]).matmul(pass.weights.get("output.weight")) + bias
    }
}

/// The blocks of stage `k`.
fn blocks(sizes: &Sizes, k: usize, place: Place) -> Vec<Box<dyn Block>> {
    let (name, count) = (format!("stage{}", k + 1), sizes.blocks[k]);
    let heads = place.channels / sizes.head;
    match sizes.kind {
        _ if count == 0 => Vec::new(),
        Kind::Plain(Residual::Dense) => vec![Box::new(Dense::new(&name, place, count))],
        kind => (1..=count)
            .flat_map(|block| -> Vec<Box<dyn Block>> {
                let name = format!("{name}.block{block}");
                match kind {
                    Kind::Plain(residual) => vec![Box::new(Plain::new(&name, place, residual))],
                    Kind::Dssa => vec![
                        Box::new(Dssa::new(&format!("{name}.dssa"), place, heads, sizes.patches[k])),
                        Box::new(Gwffn::new(&format!("{name}.gwffn"), place, sizes.expand, sizes.group)),
                    ],
                    Kind::Sgl => vec![Box::new(Sgl::new(&name, place, heads, sizes.expand))],
                }
            })
            .collect(),
    }
}
