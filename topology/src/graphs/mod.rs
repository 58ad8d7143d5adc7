//! Graphs: generators of whole graphs, and what can be said about one.
