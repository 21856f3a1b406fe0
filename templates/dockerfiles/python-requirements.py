"""Prints what pip shall install for a project that has no requirements.txt: its own requirements, and with
--pins the versions that its lock file (uv.lock, poetry.lock, Pipfile.lock) holds, as constraints."""
import json
import sys
from pathlib import Path

try:
    import tomllib
except ImportError:  # before Python 3.11
    from pip._vendor import tomli as tomllib


def toml(name):
    return tomllib.loads(Path(name).read_text()) if Path(name).exists() else {}


def poetry_requirement(name, wish):
    wish = wish if isinstance(wish, dict) else {"version": wish}
    extras = f"[{','.join(wish['extras'])}]" if "extras" in wish else ""
    if "git" in wish:
        rev = wish.get("rev") or wish.get("tag") or wish.get("branch")
        return f"{name}{extras} @ git+{wish['git']}" + (f"@{rev}" if rev else "")
    version = wish.get("version", "*")
    if version == "*":
        return name + extras
    if version[0] in "^~":
        return f"{name}{extras}>={version[1:]}"
    return name + extras + (version if version[0] in "<>=!" else f"=={version}")


def requirements():
    project = toml("pyproject.toml")
    yield from project.get("project", {}).get("dependencies", [])
    for name, wish in project.get("tool", {}).get("poetry", {}).get("dependencies", {}).items():
        if name != "python":
            yield poetry_requirement(name, wish)
    yield from pipfile().keys()


def pipfile():
    return json.loads(Path("Pipfile.lock").read_text())["default"] if Path("Pipfile.lock").exists() else {}


def pins():
    versions = {}
    for package in toml("uv.lock").get("package", []) + toml("poetry.lock").get("package", []):
        is_own = {"editable", "virtual", "directory", "path", "git"} & set(package.get("source", {}))
        if "version" in package and not is_own:
            versions.setdefault(package["name"], set()).add(package["version"])
    yield from (f"{name}=={version}" for name, found in versions.items() if len(found) == 1 for version in found)
    yield from (name + pin["version"] for name, pin in pipfile().items() if "version" in pin)


print("\n".join(pins() if "--pins" in sys.argv else requirements()))
