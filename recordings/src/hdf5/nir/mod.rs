//! NIR, the Neuromorphic Intermediate Representation: graphs of layers that training libraries exchange.
//!
//! A file is one HDF5 tree: `/version`, and a graph in `/node`. A graph has `type` = "NIRGraph", its nodes as
//! groups in `nodes`, and `edges`, a table of two names in each row. A node has its `type` and what [`KINDS`]
//! lists, and may itself be a graph. [`read()`] and [`write()`] know the file; what a graph means to a
//! network is not told here.
//!
//! Reference: Pedersen et al. (2024) Nat. Commun. 15:8122, doi:10.1038/s41467-024-52259-9.

mod reading;
mod writing;

pub use reading::{read, read_part};
pub use writing::{write, write_part};

/// A graph: nodes by name, and edges from name to name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Graph {
    /// Names and nodes, sorted by name when read from a file.
    pub nodes: Vec<(String, Node)>,
    /// From, to; as the file has them, whether or not there are such nodes.
    pub edges: Vec<(String, String)>,
}

/// A node.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Its type.
    pub kind: &'static Kind,
    /// What is known of it, in the order of the kind's table; optional fields may be absent.
    pub fields: Vec<(&'static str, Field)>,
    /// The graph inside, if its type is NIRGraph.
    pub inside: Option<Graph>,
}

/// A value of a node.
#[derive(Clone, Debug, PartialEq)]
pub enum Field {
    /// Numbers, all finite.
    Numbers(Array),
    /// A word, such as the padding "same".
    Word(String),
}

/// Numbers in rows; a scalar has no axes.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Length of each axis.
    pub shape: Vec<usize>,
    /// The numbers, the last axis fastest.
    pub values: Vec<f64>,
}

/// A type of nodes.
#[derive(Debug)]
pub struct Kind {
    /// Its name in the file.
    pub name: &'static str,
    /// What a node of it has.
    pub fields: &'static [Row],
}

/// A field of a type.
#[derive(Debug)]
pub struct Row {
    /// Its name in the file.
    pub name: &'static str,
    /// Whether a node must have it.
    pub required: bool,
    /// Whether its numbers are whole.
    pub whole: bool,
}

impl PartialEq for Kind {
    fn eq(&self, other: &Kind) -> bool {
        self.name == other.name
    }
}

/// The name of the type whose nodes are graphs.
pub const GRAPH: &str = "NIRGraph";

const fn real(name: &'static str) -> Row {
    Row { name, required: true, whole: false }
}

const fn whole(name: &'static str) -> Row {
    Row { name, required: true, whole: true }
}

const fn optional(row: Row) -> Row {
    Row { required: false, ..row }
}

/// All types of nodes.
pub static KINDS: &[Kind] = &[
    Kind { name: GRAPH, fields: &[] },
    Kind { name: "Input", fields: &[whole("shape")] },
    Kind { name: "Output", fields: &[whole("shape")] },
    Kind { name: "Linear", fields: &[real("weight")] },
    Kind { name: "Affine", fields: &[real("weight"), real("bias")] },
    Kind { name: "Scale", fields: &[real("scale")] },
    Kind { name: "Conv1d", fields: CONVOLUTION },
    Kind { name: "Conv2d", fields: CONVOLUTION },
    Kind { name: "SumPool2d", fields: POOL },
    Kind { name: "AvgPool2d", fields: POOL },
    Kind { name: "Flatten", fields: &[whole("start_dim"), whole("end_dim"), optional(whole("input_type"))] },
    Kind { name: "Delay", fields: &[real("delay")] },
    Kind { name: "Threshold", fields: &[real("threshold")] },
    Kind { name: "I", fields: &[real("r")] },
    Kind { name: "IF", fields: &[real("r"), real("v_threshold"), optional(real("v_reset"))] },
    Kind { name: "LI", fields: &[real("tau"), real("r"), real("v_leak")] },
    Kind {
        name: "LIF",
        fields: &[real("tau"), real("r"), real("v_leak"), real("v_threshold"), optional(real("v_reset"))],
    },
    Kind {
        name: "CubaLI",
        fields: &[real("tau_mem"), real("tau_syn"), real("r"), real("v_leak"), optional(real("w_in"))],
    },
    Kind {
        name: "CubaLIF",
        fields: &[
            real("tau_mem"),
            real("tau_syn"),
            real("r"),
            real("v_leak"),
            optional(real("w_in")),
            real("v_threshold"),
            optional(real("v_reset")),
        ],
    },
];

const CONVOLUTION: &[Row] = &[
    optional(whole("input_shape")),
    real("weight"),
    whole("stride"),
    whole("padding"),
    whole("dilation"),
    whole("groups"),
    real("bias"),
];

const POOL: &[Row] = &[whole("kernel_size"), whole("stride"), whole("padding")];

/// The type of this name.
pub fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

impl Array {
    /// A list.
    pub fn list(values: Vec<f64>) -> Array {
        Array { shape: vec![values.len()], values }
    }
}

impl Node {
    /// A node of a type that is in [`KINDS`].
    ///
    /// # Panics
    /// If there is no such type.
    pub fn new(kind_name: &str, fields: Vec<(&'static str, Field)>) -> Node {
        Node { kind: kind(kind_name).expect("a type of NIR"), fields, inside: None }
    }

    /// A field, if the node has it.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|(field, _)| *field == name).map(|(_, field)| field)
    }

    /// The numbers of a field, if the node has it and it is no word.
    pub fn numbers(&self, name: &str) -> Option<&Array> {
        match self.field(name)? {
            Field::Numbers(array) => Some(array),
            Field::Word(_) => None,
        }
    }
}

impl Graph {
    /// A node by name.
    pub fn node(&self, name: &str) -> Option<&Node> {
        self.nodes.iter().find(|(own, _)| own == name).map(|(_, node)| node)
    }
}
