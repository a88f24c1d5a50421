#!/usr/bin/env bash
# Guess: torch-geometric's dense layers give what the sparse ones give on the same matrix turned into
# edges by dense_to_sparse, also for a graph with directions and with weights on its diagonal, as the
# compound graph of face regions is.
# Seen with torch-geometric 2.8.1: only for symmetric matrices without a diagonal. With directions the
# dense layers sum over the row of a node and the sparse ones over its column, so every arrow is
# turned. A diagonal of 0.5 counts as 1 in DenseGCNConv, which overwrites it, and as 0.5 in GCNConv.
# Fails if that changes.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/pip" -q install torch==2.13.0 torch-geometric==2.8.1 2>/dev/null
cd "$place"
cat > ask.py <<'P'
import torch
from torch_geometric.nn import DenseGCNConv, DenseGraphConv, GCNConv, GraphConv
from torch_geometric.utils import dense_to_sparse

FEATURES = torch.tensor([[1.0], [10.0], [100.0]])
CHAIN = torch.tensor([[0, 1.0, 0], [0, 0, 1.0], [0, 0, 0]])  # 0 -> 1 -> 2
GRAPHS = {
    "directed": CHAIN,
    "symmetric": CHAIN + CHAIN.T,
    "symmetric, diagonal 0.5": CHAIN + CHAIN.T + 0.5 * torch.eye(3),
}


def ones(layer):
    """Make a layer a plain sum: all weights one, no bias."""
    for parameter in layer.parameters():
        parameter.data.fill_(1.0 if parameter.ndim == 2 else 0.0)
    return layer


for name, matrix in GRAPHS.items():
    edges, weights = dense_to_sparse(matrix)
    for dense, sparse in ((DenseGraphConv, GraphConv), (DenseGCNConv, GCNConv)):
        first = ones(dense(1, 1))(FEATURES, matrix).flatten().tolist()
        second = ones(sparse(1, 1))(FEATURES, edges, weights).flatten().tolist()
        print(f"{name}: {dense.__name__} {first[0]:.2f}, {sparse.__name__} {second[0]:.2f}")
P
env/bin/python ask.py 2>/dev/null | tee seen.txt
diff seen.txt - <<'P'
directed: DenseGraphConv 11.00, GraphConv 1.00
directed: DenseGCNConv 5.50, GCNConv 1.00
symmetric: DenseGraphConv 11.00, GraphConv 11.00
symmetric: DenseGCNConv 4.58, GCNConv 4.58
symmetric, diagonal 0.5: DenseGraphConv 11.50, GraphConv 11.50
symmetric, diagonal 0.5: DenseGCNConv 4.58, GCNConv 5.50
P
echo "as stated"
