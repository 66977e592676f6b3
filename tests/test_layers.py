import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ALLOWED = {
    "data": {"data"},
    "recorder": {"data", "recorder"},
    "models": {"data", "models"},
    "agent": {"data", "recorder", "models", "agent"},
    "gui": {"data", "recorder", "models", "agent", "gui"},
}


def imports_of(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            found.add(node.module or "")
    return found


def modules_of(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("package", ALLOWED)
def test_imports_point_one_way(package: str):
    files = modules_of(package)
    assert len(files) > 1
    for file in files:
        ours = {name.split(".")[0] for name in imports_of(file)} & (set(ALLOWED) | {"understudy"})
        assert ours <= ALLOWED[package], f"{file} climbs"


def test_each_device_library_has_one_place():
    for package in ALLOWED:
        for file in modules_of(package):
            tops = {name.split(".")[0] for name in imports_of(file)}
            where = file.relative_to(ROOT).as_posix()
            assert "PyQt6" not in tops or package == "gui", f"{where} imports PyQt6"
            users = ("recorder/screen.py", "recorder/bench/bare.py")  # to measure by
            assert "mss" not in tops or where in users, f"{where} imports mss"
            assert "torchvision" not in tops, f"{where} imports torchvision"


def test_nothing_is_unpickled():
    """Files from strangers can't run code: weights are read as plain tensors only."""
    for package in ALLOWED:
        for file in modules_of(package):
            where = file.relative_to(ROOT).as_posix()
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    names = {alias.name for alias in node.names}
                    assert not names & {"pickle", "dill", "joblib", "shelve"}, where
                elif isinstance(node, ast.ImportFrom) and node.module == "pickle":
                    assert {alias.name for alias in node.names} == {"UnpicklingError"}, where
                elif isinstance(node, ast.Call) and ast.unparse(node.func) == "torch.load":
                    assert "weights_only=True" in ast.unparse(node), where


def test_everything_outside_the_gui_imports_without_a_display():
    names = [
        ".".join(file.relative_to(ROOT).with_suffix("").parts)
        for package in ("data", "recorder", "models", "agent")
        for file in modules_of(package)
        if file.name != "__init__.py"
    ]
    code = "import importlib\n" + "\n".join(f"importlib.import_module({name!r})" for name in names)
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
