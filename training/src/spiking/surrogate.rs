//! What stands for the derivative of a spike in the backward pass.
//!
//! The step function has no useful derivative. Training uses that of a smooth function of the
//! distance u = V − V_th instead (Neftci, Mostafa and Zenke 2019, doi:10.1109/MSP.2019.2931595).
//! The forward pass is the same for all of them.

/// A surrogate derivative; `slope` (k, per unit of V_th) says how narrow it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Surrogate {
    /// 1/(1 + k|u|)², Zenke and Ganguli (2018).
    FastSigmoid {
        /// k
        slope: f32,
    },
    /// (k/2)/(1 + (πku/2)²), Fang et al. (2021).
    Arctan {
        /// k
        slope: f32,
    },
    /// max(0, 1 − k|u|), Bellec et al. (2018).
    Triangular {
        /// k
        slope: f32,
    },
    /// 1 where |u| < 1/(2k): the straight-through estimator of a staircase with steps of 1/k.
    Rectangular {
        /// k
        slope: f32,
    },
    /// k σ(ku)(1 − σ(ku)), σ the logistic function.
    Sigmoid {
        /// k
        slope: f32,
    },
}

impl Surrogate {
    /// Replaces distances u from the threshold by the derivative there.
    #[inline(always)]
    pub fn derive(self, distances: &mut [f32]) {
        /// One loop for each surrogate: a choice inside of it would keep it from being vectorised.
        #[inline(always)]
        fn each(distances: &mut [f32], at: impl Fn(f32) -> f32) {
            distances.iter_mut().for_each(|u| *u = at(*u));
        }
        match self {
            Self::FastSigmoid { slope } => each(distances, |u| {
                let d = 1.0 + slope * u.abs();
                1.0 / (d * d)
            }),
            Self::Arctan { slope } => each(distances, |u| {
                let x = std::f32::consts::FRAC_PI_2 * slope * u;
                0.5 * slope / (1.0 + x * x)
            }),
            Self::Triangular { slope } => each(distances, |u| (1.0 - slope * u.abs()).max(0.0)),
            Self::Rectangular { slope } => {
                each(distances, |u| f32::from(u8::from(2.0 * slope * u.abs() < 1.0)));
            }
            Self::Sigmoid { slope } => each(distances, |u| {
                let y = 1.0 / (1.0 + libm::expf(-slope * u));
                slope * y * (1.0 - y)
            }),
        }
    }
}
