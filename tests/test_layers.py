"""Imports point down: who may import whom, walked over the import statements, and shown to find planted violations."""

import ast
import sys
from pathlib import Path

import pytest

import autograd

ROOT = Path(__file__).resolve().parent.parent

# autograd's parts, lowest first. A part is a file or a folder; it imports itself and what stands on a lower line.
LAYERS = [
    ["_callable", "_clash", "_heap", "_optional", "foreign"],
    ["op"],
    ["ops", "plan"],
    ["tape"],
    ["dtypes", "hooks", "modes", "ownership", "random"],
    ["tensor"],
    ["assignment", "copies", "gradients"],
    ["calls"],
    ["dispatch"],
    ["function", "methods"],
    ["watching"],
    ["debugging"],
    ["tree"],
    ["transforms"],
    ["hips"],
    ["tracer", "wrap_util"],
    ["builtins", "core"],
    ["differential_operators"],
    ["extend", "misc", "numpy"],
    ["scipy"],
    ["graph", "profile", "gradcheck", "compiler"],
    ["test_util"],
    ["util"],
    ["__init__"],
]
# Tighter still: the mathematics never sees the tape, nor the tape the mathematics.
SEES_ONLY = {"_clash": set(), "op": set(), "ops": {"op"}, "tape": {"op", "plan"}, "foreign": set()}
STANDARD_LIBRARY_ONLY = {"_callable", "_clash", "_optional", "op"}
SHARED = {"autograd._optional.need"}  # private, yet for all three: the error about a missing optional package
PARTS = {part for parts in LAYERS for part in parts}


def test_every_import_of_the_packages_points_down():
    violations = [v for package in ("autograd", "nn", "optim") for v in violations_of(ROOT / package, autograd.__all__)]

    assert not violations, "\n".join(violations)


@pytest.mark.parametrize(
    ("path", "source", "message"),
    [
        ("autograd/op.py", "import numpy as np", "imports numpy: op needs the standard library only"),
        ("autograd/op.py", "from .tape import Node", "imports autograd.tape"),
        ("autograd/ops/linalg.py", "from ..tensor import Tensor", "imports autograd.tensor"),
        ("autograd/ops/linalg.py", "from autograd import Tensor", "imports autograd"),
        ("autograd/ops/linalg.py", "def f():\n    from autograd.tensor import Tensor", "imports autograd.tensor"),
        (
            "autograd/ops/linalg.py",
            "import importlib\nimportlib.import_module('autograd.tensor')",
            "imports autograd.tensor",
        ),
        ("autograd/ops/special.py", "import scipy.special", "imports scipy.special at its top"),
        ("autograd/tape.py", "from .ops import elementwise", "imports autograd.ops"),
        ("autograd/tape.py", "from . import tensor", "imports autograd.tensor"),
        ("autograd/tensor.py", "from .graph import draw", "imports autograd.graph"),
        ("autograd/graph.py", "from .gradcheck import report", "imports autograd.gradcheck"),
        (
            "autograd/graph.py",
            "try:\n    import graphviz\nexcept ImportError:\n    pass",
            "imports graphviz at its top",
        ),
        ("autograd/tensor.py", "import nn", "imports nn"),
        ("autograd/misc/optimizers.py", "from optim import Adam", "imports optim"),
        ("autograd/newcomer.py", "", "has no layer"),
        ("nn/layers/linear.py", "from autograd.tensor import Tensor", "imports autograd.tensor"),
        ("nn/layers/linear.py", "from autograd import tape", "imports autograd.tape"),
        ("nn/layers/linear.py", "import autograd\nautograd.tape.backprop", "imports autograd.tape"),
        ("nn/layers/linear.py", "import autograd as ag\nag._secret", "imports autograd._secret"),
        ("nn/training.py", "def fit():\n    from optim import SGD", "imports optim"),
        ("nn/data/mnist.py", "import tqdm", "imports tqdm at its top"),
        ("optim/sgd.py", "from nn import Module", "imports nn"),
        ("optim/sgd.py", "from autograd import *", "imports autograd.*"),
    ],
)
def test_a_planted_violation_is_found(tmp_path, path, source, message):
    plant(tmp_path, path, source)

    violations = violations_of(tmp_path / path.partition("/")[0], public={"Tensor", "defop"})

    assert len(violations) == 1
    assert path in violations[0]
    assert message in violations[0]


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("autograd/op.py", "import inspect\nfrom collections.abc import Callable"),
        (
            "autograd/ops/linalg.py",
            "import numpy as np\nfrom ..op import defop\nfrom .samples import real\nfrom . import samples",
        ),
        ("autograd/ops/special.py", "def f():\n    import scipy.special"),
        ("autograd/tape.py", "import numpy as np\nfrom . import op"),
        ("autograd/numpy/linalg.py", "import numpy as np\nfrom ..tensor import Tensor"),
        ("autograd/gradcheck/report.py", "from .verdict import Verdict\nfrom autograd.gradcheck import oracle"),
        ("autograd/__init__.py", "from .tensor import Tensor\nfrom . import dispatch"),
        (
            "nn/layers/linear.py",
            "import autograd\nfrom autograd import Tensor, defop\nfrom .module import Module\nautograd.Tensor",
        ),
        ("nn/data/digits.py", "from autograd._optional import need\nimport nn.module"),
        ("optim/sgd.py", "import numpy as np\nfrom autograd import Tensor"),
    ],
)
def test_an_allowed_import_passes(tmp_path, path, source):
    plant(tmp_path, path, source)

    assert violations_of(tmp_path / path.partition("/")[0], public={"Tensor", "defop"}) == []


def plant(root, path, source):
    file = root / path
    file.parent.mkdir(parents=True)
    file.write_text(source, encoding="utf-8")


def violations_of(package: Path, public) -> list[str]:
    """A line for every import in a package's files that its layer does not allow."""
    found = []
    for file in sorted(package.rglob("*.py")):
        path = file.relative_to(package.parent)
        tree = ast.parse(file.read_text(encoding="utf-8"), str(file))
        rule = autograd_rule if package.name == "autograd" else framework_rule
        found += [f"{path.as_posix()}: {line}" for line in rule(path, [*imports(tree, path), *uses(tree)], public)]
    return found


def autograd_rule(path, targets, public):
    """Within autograd: lower layers only."""
    part = path.with_suffix("").parts[1]
    if part not in PARTS:
        yield f"{part} has no layer: give it one in LAYERS"
        return
    level = next(i for i, parts in enumerate(LAYERS) if part in parts)
    allowed = SEES_ONLY.get(part, {lower for parts in LAYERS[:level] for lower in parts}) | {part}
    for target, at_top in targets:
        top, *rest = target.split(".")
        if top == "autograd":
            seen = rest[0] if rest and rest[0] in PARTS else "__init__"  # a name that is no part belongs to the face
            if seen not in allowed:
                yield f"imports {target}: {part} stands below or beside it"
        elif top in ("nn", "optim"):
            yield f"imports {target}: autograd never knows nn or optim"
        elif part in STANDARD_LIBRARY_ONLY and is_foreign(top):
            yield f"imports {target}: {part} needs the standard library only"
        elif at_top and is_foreign(top) and top != "numpy":
            yield f"imports {target} at its top: optional packages belong into the function that needs them"


def framework_rule(path, targets, public):
    """In nn and optim: public names of autograd, nothing of each other."""
    package = path.parts[0]
    for target, at_top in targets:
        top, *rest = target.split(".")
        if top in {"nn", "optim"} - {package}:
            yield f"imports {target}: nn and optim never import one another"
        elif top == "autograd" and rest and (len(rest) > 1 or rest[0] not in public) and target not in SHARED:
            yield f"imports {target}: not a public name of autograd"
        elif at_top and is_foreign(top) and top != "numpy":
            yield f"imports {target} at its top: optional packages belong into the function that needs them"


def imports(tree, path):
    """(dotted name, whether it runs at import) for every name that a file imports, relative ones made absolute."""
    lazy = {inner for node in ast.walk(tree) if waits(node) for inner in ast.walk(node)}
    package = path.parts[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node not in lazy
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else ()
            for alias in node.names:
                yield ".".join([*base, *([node.module] if node.module else []), alias.name]), node not in lazy
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            function = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", None)
            if function in ("import_module", "__import__"):
                yield str(node.args[0].value), False


def uses(tree):
    """The names taken from autograd after `import autograd`, in the form of `imports`."""
    nodes = list(ast.walk(tree))
    imported = [alias for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names = {alias.asname or alias.name for alias in imported if alias.name == "autograd"}
    for node in nodes:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in names:
            yield f"autograd.{node.attr}", False


def waits(node):
    """Whether what is in the node does not run when the file is imported."""
    if isinstance(node, ast.If):
        return "TYPE_CHECKING" in ast.unparse(node.test)
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)


def is_foreign(package):
    return package not in {*sys.stdlib_module_names, "autograd", "nn", "optim"}
