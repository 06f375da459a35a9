"""``callcore live``: a call is written down while it is spoken."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from callcore.cli.options import Number, db_option, overrides, settings_option
from callcore.cli.stopping import Stopping
from callcore.config import load_settings

EXAMPLES = """\b
Examples:
  callcore live --replay call.wav
  callcore live --agent "Headset Mono" --customer "Monitor of Headset"
  callcore live --device "USB telephone adapter" --channels 0,1
  callcore live --check --agent "Headset Mono" --customer "Monitor of Headset"
  callcore live --record call.flac --hang-up-after 20
  callcore live --model base --review medium --record call.flac
  callcore live --replay call.wav --jsonl --no-store

\b
Keys: p pauses (nothing is listened to) and goes on, q stops. Ctrl-C stops as
well; pressed twice, it does not wait for the last texts.

\b
Exit codes: 0 done, 2 wrong options, 3 the file cannot be used, 4 model,
5 database, 6 disk, 8 sound device, 9 no capacity for another call.
"""
DEVICE_OPTIONS = ("agent", "customer", "device", "channels", "record", "check")


def _channels(ctx: click.Context, parameter: click.Parameter, value: str | None) -> tuple[int, int] | None:  # noqa: ARG001
    if value is None:
        return None
    agent, comma, customer = (part.strip() for part in value.partition(","))
    if not (comma and agent.isdecimal() and customer.isdecimal() and int(agent) != int(customer)):
        raise click.BadParameter("two different numbers, the agent's and the customer's, such as 0,1.")
    return int(agent), int(customer)


@click.command(epilog=EXAMPLES, short_help="A call while it is spoken.")
@click.option("--replay", type=click.Path(path_type=Path), metavar="FILE", help="Play a recording as if it were live.")
@click.option("--speed", type=Number(0.1, 100), metavar="X", help="Of the replay; 2 = twice as fast [1].")
@click.option("--agent", metavar="DEVICE", help="Device that hears the agent: name, part of it, or number.")
@click.option("--customer", metavar="DEVICE", help="Device that hears the customer, such as a monitor.")
@click.option("--device", metavar="DEVICE", help="One device for both sides; mixed to one, unless --channels.")
@click.option(
    "--channels",
    callback=_channels,
    metavar="LIST",
    help="Agent's and customer's channel of --device: 0,1.",
)
@click.option("--agent-channel", type=int, metavar="N", help="The agent's channel of a replay [found from words].")
@click.option("--customer-channel", type=int, metavar="N", help="The customer's channel of a replay.")
@click.option("--record", type=click.Path(path_type=Path), metavar="FILE", help="Also write the audio: .flac or .wav.")
@click.option("--hang-up-after", type=Number(0), metavar="SECONDS", help="End so long after the last speech.")
@click.option("--check", is_flag=True, help="Hear 5 seconds, show levels and words, play them back; store nothing.")
@click.option("--plain", is_flag=True, help="No screen, a line per text [where stdout is no terminal].")
@click.option("--jsonl", is_flag=True, help="No screen, events as JSON lines, unfinished texts included.")
@click.option("--no-store", is_flag=True, help="Do not put the transcript into the database.")
@click.option("--model", "-m", metavar="NAME", help="Name, size, hub id or folder [best installed for the language].")
@click.option("--partial-model", metavar="NAME", help="Smaller model for what is still being said [the same].")
@click.option("--review", metavar="MODEL", help="Read the call again at its end with this model; show what differs.")
@click.option("--language", "-l", metavar="CODE", help="zh, en, ... [detected].")
@click.option("--hotwords", type=click.Path(path_type=Path), metavar="FILE", help="Names and products, one a line.")
@db_option
@settings_option
def live(**options: Any) -> int:
    """Write down a call while it is spoken: from sound devices, or from a recording that is played as if live.

    Stable text is firm, text that may still change is dim. The transcript goes into the database as it comes, and is
    printed at the end.
    """
    _check_options(options)
    settings = load_settings(options["settings_file"], _overrides(options))
    with Stopping() as stopping:
        if options["check"]:
            from callcore.cli.live_check import check

            return check(settings, options)
        from callcore.cli.live_session import LiveSession

        return LiveSession(settings, options, stopping).run()


def _check_options(options: Mapping[str, Any]) -> None:
    given = [f"--{name.replace('_', '-')}" for name in DEVICE_OPTIONS if options[name]]
    if options["replay"] and given:
        raise click.UsageError(f"--replay plays a file: {given[0]} is for sound devices.")
    if options["speed"] and not options["replay"]:
        raise click.UsageError("--speed is for --replay.")
    if options["device"] and (options["agent"] or options["customer"]):
        raise click.UsageError("--device hears both sides; --agent and --customer name a device for each.")
    if options["channels"] and not options["device"]:
        raise click.UsageError("--channels are those of a --device.")
    named = options["agent_channel"] is not None or options["customer_channel"] is not None
    if named and not options["replay"]:
        raise click.UsageError("--agent-channel and --customer-channel are for --replay; devices say who is who.")
    if options["review"] and not (options["replay"] or options["record"]):
        raise click.UsageError("--review reads the recording of the call again: name one with --record.")
    if options["review"] and (options["jsonl"] or options["check"]):
        raise click.UsageError("--review is for people: not with --jsonl or --check.")
    if options["plain"] and options["jsonl"]:
        raise click.UsageError("--plain is for people, --jsonl for programs.")


def _overrides(options: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return overrides(
        audio={"agent_channel": options["agent_channel"], "customer_channel": options["customer_channel"]},
        recognise={
            "model": options["model"],
            "language": options["language"],
            "hotwords_file": options["hotwords"],
        },
        store={"db": options["db"]},
        live={"partial_model": options["partial_model"], "hangup_silence_s": options["hang_up_after"]},
    )
