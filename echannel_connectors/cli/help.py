"""What the command line says of itself, and of a wrong option, in the language of the terminal."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import typer

from echannel_connectors.cli.language import spoken, told
from echannel_connectors.errors import SettingsError, did_you_mean
from echannel_connectors.texts import Text, in_french, say

# What typer writes around our own texts.
HEADINGS = (say("Usage:"), say("Arguments:"), say("Options:"), say("Commands:"), say("[default:"), say("[required]"))
HEADING = re.compile(rf"^({'|'.join(HEADINGS[:4])})|({'|'.join(map(re.escape, HEADINGS[4:]))})", re.MULTILINE)
EXAMPLE = "Example: "


def commands(app: typer.Typer) -> Any:  # typer's own command, whichever click it stands on
    """The commands of the app, with their help in the language of the terminal."""
    command: Any = typer.main.get_command(app)
    if spoken() == "fr":
        _in_french(command, typer.Context(command, **command.context_settings))
    return command


def _in_french(command: Any, context: typer.Context) -> None:
    command.help = "\n\n".join(_paragraph(text) for text in paragraphs(command.help))
    for param in [*command.params, command.get_help_option(context)]:
        param.help = in_french(param.help or "")
        if isinstance(getattr(param, "show_default", None), str):
            param.show_default = in_french(param.show_default)
    command.get_help = _headed(command.get_help)
    for inner in getattr(command, "commands", {}).values():
        _in_french(inner, typer.Context(inner, parent=context))


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a command's help, a line each."""
    return [" ".join(part.split()) for part in text.split("\n\n")]


def _paragraph(text: str) -> str:
    if text.startswith(EXAMPLE):
        return told(say("Example: {command}", command=text.removeprefix(EXAMPLE)))
    return in_french(text)


def _headed(get_help: Callable[[Any], str]) -> Callable[[Any], str]:
    return lambda context: HEADING.sub(lambda found: in_french(found[0]), get_help(context))


def usage_error(error: Any) -> SettingsError:  # typer's UsageError
    """A wrong option, argument or command as an error of ours, with the nearest right name."""
    context = error.ctx
    hint: Text | str = say("see `{command} --help`", command=context.command_path) if context else ""
    name = getattr(error, "option_name", "") or (_name_of(error.param) if getattr(error, "param", None) else "")
    kind = type(error).__name__
    if kind == "NoSuchOption":
        known = [option for param in context.command.params for option in param.opts]
        return SettingsError(say("there is no option {name}", name=name), hint=did_you_mean(name, known))
    if kind == "MissingParameter":
        return SettingsError(say("{name} is missing", name=name), hint=hint)
    if kind == "BadParameter":
        problem = error.message.removeprefix("Value error, ")
        return SettingsError(say("{where}: {problem}", where=name, problem=problem), hint=hint)
    if kind == "BadOptionUsage":
        return SettingsError(say("{name} needs a value", name=name), hint=hint)
    if command := re.match(r"No such command '(.*?)'", error.message):
        sentence = say("there is no command {name!r}", name=command[1])
        return SettingsError(sentence, hint=did_you_mean(command[1], context.command.commands))
    if extra := re.match(r"Got unexpected extra arguments?(?:\(s\))? \((.*)\)", error.message):
        return SettingsError(say("too much: {words}", words=extra[1]), hint=hint)
    return SettingsError(error.format_message(), hint=hint)


def _name_of(param: Any) -> str:  # typer's parameter
    return max(param.opts, key=len) if param.param_type_name == "option" else str(param.name)
