"""Runs one Python function or method for py>: runner.py COMMAND INPUT OUTPUT.

Needs nothing but Python 3's own library. COMMAND is PKG.MOD.CLASS.METHOD, MOD.FUNCTION, CLASS.METHOD, FUNCTION or CLASS (its method run).
INPUT is {"params": {...}}; OUTPUT gets what the code stored, exported and added as subtasks, or why it failed.
"""
import importlib
import inspect
import json
import os
import sys
import traceback
import types


class Env(object):
    """digdag.env: what user code sees of its task."""

    def __init__(self, params):
        self.params = params
        self.subtask_config = {}
        self.export_params = {}
        self.store_params = {}
        self.state_params = {}

    def set_state(self, params=None, **named):
        self.state_params.update(params or {}, **named)

    def export(self, params=None, **named):
        self.export_params.update(params or {}, **named)

    def store(self, params=None, **named):
        self.store_params.update(params or {}, **named)

    def add_subtask(self, function=None, **params):
        if function is None or isinstance(function, dict):
            config = dict(function or {}, **params)
        elif callable(function):
            config = dict(params)
            config["py>"] = "%s.%s" % (function.__module__, function.__qualname__)
        else:
            raise TypeError("add_subtask needs a function or a mapping, got %s" % type(function).__name__)
        json.dumps(config)  # What is no JSON fails here, where the traceback names the line.
        self.subtask_config["+subtask%d" % len(self.subtask_config)] = config


def import_module(name):
    """The module, or None when it does not exist. What is missing inside of it is an error of its own."""
    if not name:
        return None
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name == name or name.startswith((error.name or "") + "."):
            return None
        raise


def find_attribute(owner, name):
    if not hasattr(owner, name):
        raise AttributeError("Module '%s' has no attribute '%s'" % (owner.__name__, name))
    return getattr(owner, name)


def find_callable(command):
    """Gives the callable and the class to build first, if any."""
    parts = command.split(".")
    module = import_module(".".join(parts[:-1]))
    if module is not None:
        target = find_attribute(module, parts[-1])
        return (getattr(target, "run"), target) if inspect.isclass(target) else (target, None)
    module = import_module(".".join(parts[:-2]))
    if module is not None:
        owner = find_attribute(module, parts[-2])
        return getattr(owner, parts[-1]), owner if inspect.isclass(owner) else None
    module = import_module(command)
    if module is not None:
        raise TypeError("'%s' is a module: write %s.FUNCTION" % (command, command))
    raise ModuleNotFoundError("There is no module for '%s' in the project or among the installed packages" % command)


def pick_arguments(function, label, params):
    """By name from the params; **kwargs takes all of them."""
    try:
        signature = inspect.signature(function)
    except ValueError:
        return [], {}
    positional, named, takes_all = [], {}, False
    for name, parameter in signature.parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            takes_all = True
        elif parameter.kind is parameter.VAR_POSITIONAL:
            continue
        elif name not in params:
            if parameter.default is parameter.empty:
                raise TypeError("Method '%s' requires parameter '%s' but not set" % (label, name))
        elif parameter.kind is parameter.POSITIONAL_ONLY:
            positional.append(params[name])
        else:
            named[name] = params[name]
    if takes_all:
        named = dict(params, **named)
        for name, parameter in signature.parameters.items():
            if parameter.kind is parameter.POSITIONAL_ONLY:
                named.pop(name, None)
    return positional, named


def call(function, label, params):
    positional, named = pick_arguments(function, label, params)
    return function(*positional, **named)


def run(command, params):
    target, owner = find_callable(command)
    label = command.split(".")[-1]
    # A static or class method is reached through the class as well as through an instance.
    if owner is not None:
        instance = call(owner, owner.__name__, params) if owner.__init__ is not object.__init__ else owner()
        target = getattr(instance, target.__name__)
        label = "%s.%s" % (owner.__name__, target.__name__)
    return call(target, label, params)


def describe(error):
    """The traceback without this file's own frames, unless there are no others."""
    every = traceback.extract_tb(error.__traceback__)
    frames = [one for one in every if one.filename != __file__] or every[-1:]
    lines = ["%s:%d:in %s" % (one.filename, one.lineno or 0, one.name) for one in reversed(frames)]
    return {"class": type(error).__name__, "message": str(error), "backtrace": lines}


def write(path, content):
    """Whole or not at all."""
    part = path + ".part"
    with open(part, "w", encoding="utf-8") as file:
        json.dump(content, file)
    os.replace(part, path)


def main(command, input_path, output_path):
    with open(input_path, encoding="utf-8") as file:
        params = json.load(file)["params"]
    env = Env(params)
    digdag = types.ModuleType("digdag")
    digdag.env = env
    digdag.task = env
    sys.modules["digdag"] = digdag
    sys.path[0] = os.getcwd()
    failure = None
    try:
        run(command, params)
    except SystemExit as error:
        reason = "Failed to call python command with code:%s" % (0 if error.code is None else error.code)
        cause = " Possible cause: Invalid python module call, duplicate module name with standard library"
        failure = {"class": "SystemExit", "message": reason + cause, "backtrace": []}
    except BaseException as error:  # Whatever it is, the task's page shall show it.
        failure = describe(error)
        traceback.print_exc()
    sys.stdout.flush()
    content = {
        "subtask_config": env.subtask_config,
        "export_params": env.export_params,
        "store_params": env.store_params,
    }
    if failure is not None:
        content["error"] = failure
    try:
        write(output_path, content)
    except (TypeError, ValueError) as error:
        failure = {"class": type(error).__name__, "message": "A stored value is no JSON: %s" % error, "backtrace": []}
        write(output_path, {"error": failure})
    return 0 if failure is None else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
