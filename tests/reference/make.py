"""Write the numbers of PyTorch that the tests compare with: `python -m tests.reference.make`, where it is installed.

The files `layers.npz`, `losses.npz` and `optimizers.npz` are committed; the tests need no PyTorch.
"""

from __future__ import annotations

import numpy as np

from tests.reference import cases


def layers():
    """By case: inputs, state, output, and the gradients of sum(v * output), and of sum(w * the input's gradient)."""
    import torch

    found = {}
    for call, shapes in cases.LAYERS:
        name = cases.key(call, shapes)
        rng = cases.rng_of(name)
        torch.manual_seed(0)
        module = eval(call, vars(torch.nn)).double()
        xs = [torch.tensor(rng.normal(size=shape), requires_grad=True) for shape in shapes]
        y = module(*xs)
        v = torch.tensor(rng.normal(size=y.shape))
        ws = [torch.tensor(rng.normal(size=shape)) for shape in shapes]
        ts = {f"x{i}": x for i, x in enumerate(xs)} | dict(module.named_parameters())
        gs = torch.autograd.grad((y * v).sum(), list(ts.values()), create_graph=True)
        s = sum((g * w).sum() for g, w in zip(gs, ws))
        seconds = torch.autograd.grad(s, list(ts.values()), allow_unused=True) if s.requires_grad else [None] * len(ts)
        found[name] = {
            **{f"state {k}": p for k, p in module.state_dict().items()},
            **{f"input {i}": x for i, x in enumerate(xs)},
            **{f"direction {i}": w for i, w in enumerate(ws)},
            "output": y,
            "cotangent": v,
            **{f"gradient {k}": g for k, g in zip(ts, gs)},
            **{f"second {k}": torch.zeros_like(ts[k]) if second is None else second for k, second in zip(ts, seconds)},
        }
    return found


def losses():
    """By case: the loss, and the gradient of sum(v * loss)."""
    import torch

    found = {}
    names = {**vars(torch.nn), "WEIGHT": torch.tensor(cases.WEIGHT)}
    for call, shape, kind in cases.LOSSES:
        name = cases.key(call, shape, kind)
        x, target = map(torch.tensor, cases.loss_inputs(name, shape, kind))
        x.requires_grad_()
        target.requires_grad_(kind != "indices")
        y = eval(call, names)(x, target)
        v = torch.tensor(cases.rng_of(f"cotangent of {name}").normal(size=y.shape))
        (y * v).sum().backward()
        found[name] = {"output": y, "cotangent": v, "gradient": x.grad}
        if target.requires_grad:
            found[name]["gradient target"] = target.grad
    return found


def optimizers():
    """By case: the parameters after some of the steps, for float64 and float32, and what the state holds in the end."""
    import torch

    found = {}
    for call in cases.OPTIMIZERS:
        for dtype in ("float64", "float32"):
            params = [
                torch.nn.Parameter(
                    torch.tensor(cases.rng_of(f"start {shape}").normal(size=shape)).to(getattr(torch, dtype))
                )
                for shape in cases.PARAMETERS
            ]
            optimizer = eval(call, {**vars(torch.optim), "params": params})
            path = []
            for step in range(cases.STEPS):
                for i, p in enumerate(params):
                    p.grad = p.detach() + torch.tensor(cases.noise(step, i)).to(p.dtype)
                optimizer.step()
                if step in cases.SHOWN:
                    path.append(np.concatenate([p.detach().numpy().ravel() for p in params]))
            state = optimizer.state_dict()["state"]
            found[cases.key(call, dtype)] = {
                "path": torch.tensor(np.array(path)),
                **{f"state {i} {k}": value for i, known in state.items() for k, value in known.items()},
            }
    return found


SUBJECTS = {"layers": layers, "losses": losses, "optimizers": optimizers}


def arrays(subject: str) -> dict[str, np.ndarray]:
    """What the file of a subject holds: arrays by "case: what"."""
    return {
        f"{name}: {what}": value.detach().numpy()
        for name, values in SUBJECTS[subject]().items()
        for what, value in values.items()
    }


def main() -> None:
    for subject in SUBJECTS:
        path = cases.FOLDER / f"{subject}.npz"
        np.savez_compressed(path, **arrays(subject))
        print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
