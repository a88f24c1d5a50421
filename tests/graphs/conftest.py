"""Random causal graphs and samples of them, shared by the tests of the graph search."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d


def random_dag(generator, observed=12, latent=3, probability=0.25):
    """Arrows among the observed nodes along a random order; each latent has three children."""
    dag = np.zeros((observed + latent,) * 2, bool)
    order = generator.permutation(observed)
    dag[np.ix_(order, order)] = np.triu(generator.random((observed, observed)) < probability, 1)
    for node in range(observed, observed + latent):
        dag[node, generator.choice(observed, 3, replace=False)] = True
    return dag


def samples(generator, dag, frames, observed=12):
    weights = dag * generator.uniform(0.3, 1, dag.shape)
    noise = generator.standard_normal((frames, len(dag)))
    return (noise @ np.linalg.inv(np.eye(len(dag)) - weights))[:, :observed]


def smooth(generator, frames, columns=12):
    """Independent series, each smoothed over 5 frames, with 5 % of noise."""
    signal = gaussian_filter1d(generator.standard_normal((frames + 60, columns)), 5, axis=0)
    signal = signal[30:-30] / signal.std()
    return signal + 0.05 * generator.standard_normal(signal.shape)


@pytest.fixture
def draw():
    return SimpleNamespace(dag=random_dag, samples=samples, smooth=smooth)
