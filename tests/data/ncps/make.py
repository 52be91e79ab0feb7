"""Writes the reference runs of small ncps models in the dialects that the larger models leave out.

Run by hand, with torch and ncps==1.0.1 installed: ``python make.py``. Weights are random from one seed; states and
outputs are computed in float64.
"""

import json
from pathlib import Path

import numpy as np
import torch
from ncps.torch import LTC, CfC
from ncps.wirings import NCP, AutoNCP, FullyConnected, Random

HERE = Path(__file__).parent
STEPS = 24


def models() -> dict[str, tuple[torch.nn.Module, dict[str, object]]]:
    """Name to the model in torch and what ``from_ncps`` has to be told."""
    explicit = LTC(
        4, AutoNCP(12, 3, 0.4, 7), input_mapping="linear", output_mapping="linear", ode_unfolds=3,
        implicit_param_constraints=False,
    )  # fmt: skip
    bare = LTC(
        3, FullyConnected(6, 2), input_mapping=None, output_mapping=None, ode_unfolds=1, epsilon=0.01
    )  # fmt: skip
    dropout = CfC(3, 7, 2, backbone_layers=3, backbone_units=9, backbone_dropout=0.2, activation="gelu")
    relu = CfC(3, 5, backbone_layers=1, backbone_units=8, activation="relu")
    tanh = CfC(3, 5, mode="pure", backbone_layers=2, backbone_units=8, activation="tanh")
    default = {"mode": "default"}
    return {
        "ltc_explicit_linear": (explicit, {"unfolds": 3, "implicit": False}),
        "ltc_unmapped": (bare, {"unfolds": 1, "implicit": True, "epsilon": 0.01, "outputs": 2}),
        "ltc_random": (LTC(3, Random(9, 4, 0.6)), {"unfolds": 6, "implicit": True}),
        "cfc_no_backbone": (CfC(3, 7, backbone_layers=0), default),
        "cfc_gelu_dropout": (dropout, {"mode": "default", "activation": "gelu"}),
        "cfc_relu": (relu, {"mode": "default", "activation": "relu"}),
        "cfc_pure_tanh": (tanh, {"activation": "tanh"}),
        "wired_no_gate": (CfC(4, NCP(6, 4, 2, 3, 2, 4, 2), mode="no_gate"), {"mode": "no_gate"}),
        "wired_pure_proj": (CfC(4, AutoNCP(11, 2), 3, mode="pure"), {}),
        "wired_one_layer": (CfC(3, FullyConnected(6, 2)), default),
    }


def run(model: torch.nn.Module, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Inputs, elapsed times, states and outputs of ``STEPS`` steps from zero."""
    x = rng.normal(0, 1, (STEPS, model.input_size)).astype(np.float32)
    dt = rng.uniform(0.2, 3, STEPS).astype(np.float32)
    state, states, outputs = None, [], []
    for at, elapsed in zip(torch.from_numpy(x).double(), torch.from_numpy(dt).double(), strict=True):
        y, state = model(at[None], state, timespans=elapsed.reshape(1, 1))
        states.append(state.numpy())
        outputs.append(y.numpy().reshape(-1))
    return {"x": x, "dt": dt, "h": np.stack(states), "y": np.stack(outputs)}


def perturb(model: torch.nn.Module) -> None:
    """Move the trainable weights off their initial values, where many are 0, 1 or -1; conductances stay positive."""
    for name, weight in model.named_parameters():
        if weight.requires_grad:
            spread = 1 + 0.2 * torch.randn_like(weight)
            shift = 0 if name.endswith((".w", "_w", "cm", "gleak")) else 0.1 * torch.randn_like(weight)
            weight.data = (weight.data * spread.abs() + shift).contiguous()


@torch.no_grad()
def main() -> None:
    torch.manual_seed(20)
    rng = np.random.default_rng(20)
    told = json.loads((HERE / "models.json").read_text())
    for name, (model, options) in models().items():
        perturb(model)
        np.savez_compressed(HERE / f"{name}.weights.npz", **{k: v.numpy() for k, v in model.state_dict().items()})
        np.savez_compressed(HERE / f"{name}.run.npz", **run(model.double().eval(), rng))
        told[name] = options
    (HERE / "models.json").write_text(json.dumps(told, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
