"""Who is the agent, by what is said."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcore import roles as roles_module
from callcore.config import RoleSettings
from callcore.errors import ConfigError
from callcore.pinyin import syllables
from callcore.roles import RoleCues, agent_evidence, assign_roles, check_roles
from callcore.types import Role, RolesAssigned, WarningKind

CUES = RoleCues.load()

ENGLISH = [
    (
        [
            "Thank you for calling Riverside Bank, my name is Dana, how may I help you?",
            "I'm sorry to hear that. May I have your full name?",
        ],
        ["Hi, I lost my debit card this morning.", "It's Peter Hall. Can you block it?"],
    ),
    (
        [
            "Good morning, card services, this is Lee speaking.",
            "Let me pull up your account. Could you confirm your date of birth?",
            "Is there anything else I can help you with?",
        ],
        ["Hello, I was charged twice on my credit card.", "Third of May eighty-one.", "No thanks, that's all."],
    ),
    (
        ["Loans department, how can I help you today?", "Please hold while I check that.", "Thank you for holding."],
        ["I'd like to know why my payment went up.", "Okay.", "Right."],
    ),
]


def sides(path: Path) -> tuple[list[str], list[str]]:
    turns = json.loads(path.read_text(encoding="utf-8"))["turns"]
    agent, customer = ([turn["text"] for turn in turns if turn["role"] == role] for role in ("agent", "customer"))
    return agent, customer


def misheard(text: str, generator: random.Random, alphabet: str) -> str:
    """A fifth of the characters wrong: mostly others, some missing."""
    chances = [(character, generator.random()) for character in text]
    return "".join(c if x > 0.2 else generator.choice(alphabet) for c, x in chances if not 0.15 < x <= 0.2)


@pytest.mark.parametrize("agent_channel", [0, 1])
def test_the_bundled_call_is_assigned_whichever_way_round(fixture_call: Path, agent_channel: int) -> None:
    agent, customer = sides(fixture_call.parent / "call01_card_loss.json")
    result = assign_roles({agent_channel: agent, 1 - agent_channel: customer}, None, CUES)
    assert result.roles == {agent_channel: Role.AGENT, 1 - agent_channel: Role.CUSTOMER}
    assert result.source == "cues"
    assert result.confidence > 0.95


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("agent_channel", [0, 1])
def test_one_character_in_five_wrong_does_not_change_the_roles(
    fixture_call: Path, seed: int, agent_channel: int
) -> None:
    agent, customer = sides(fixture_call.parent / "call01_card_loss.json")
    generator, alphabet = random.Random(seed), "".join(agent + customer)
    heard = [[misheard(turn, generator, alphabet) for turn in side] for side in (agent, customer)]
    result = assign_roles({agent_channel: heard[0], 1 - agent_channel: heard[1]}, None, CUES)
    assert result.roles[agent_channel] is Role.AGENT


@pytest.mark.shared_data
@pytest.mark.parametrize("name", ["call01_card_loss", "call02_fee_complaint"])
def test_both_synthetic_calls_from_their_first_three_turns(shared_data: Path, name: str) -> None:
    agent, customer = sides(shared_data / "synthetic_zh" / "calls" / f"{name}.json")
    assert assign_roles({0: customer[:3], 1: agent[:3]}, None, CUES).roles == {0: Role.CUSTOMER, 1: Role.AGENT}


@pytest.mark.parametrize(("agent", "customer"), ENGLISH)
def test_english_calls(agent: list[str], customer: list[str]) -> None:
    assert assign_roles({0: agent, 1: customer}, None, CUES).roles[0] is Role.AGENT
    assert assign_roles({0: customer, 1: agent}, None, CUES).roles[1] is Role.AGENT


@pytest.mark.shared_data
def test_real_calls_as_text(shared_data: Path) -> None:
    for call in json.loads((shared_data / "intent_zh" / "mobilecs_dialogs.json").read_text(encoding="utf-8")):
        agent = [turn["[SPEAKER 1]"] for turn in call["content"] if "[SPEAKER 1]" in turn]
        customer = [turn["[SPEAKER 2]"] for turn in call["content"] if "[SPEAKER 2]" in turn]
        assert assign_roles({0: customer, 1: agent}, None, CUES).roles == {0: Role.CUSTOMER, 1: Role.AGENT}


def test_small_talk_stays_unknown_rather_than_guessed() -> None:
    result = assign_roles({0: ["嗯", "好的"], 1: ["是的", "对"]}, {0: 0, 1: 16000}, CUES)
    assert result.roles == {0: Role.UNKNOWN, 1: Role.UNKNOWN}
    assert 0.5 <= result.confidence < 0.8


def test_both_sides_alike_stay_unknown() -> None:
    greeting = ["您好，请问有什么可以帮您？"]
    assert assign_roles({0: greeting, 1: greeting}, None, CUES).confidence == 0.5
    assert set(assign_roles({0: greeting, 1: greeting}, None, CUES, 0.5).roles.values()) == {Role.UNKNOWN}


def test_one_channel_is_mono_and_three_are_unknown() -> None:
    assert assign_roles({0: ["您好，很高兴为您服务"]}, None, CUES) == RolesAssigned({0: Role.UNKNOWN}, 0.0, "mono")
    three = assign_roles({0: ["您好，很高兴为您服务"], 1: ["喂"], 2: []}, None, CUES)
    assert set(three.roles.values()) == {Role.UNKNOWN}


def test_a_silent_channel_leaves_the_other_to_be_judged() -> None:
    assert assign_roles({0: [], 1: ["您好，很高兴为您服务"]}, None, CUES).roles == {0: Role.CUSTOMER, 1: Role.AGENT}


def test_speaking_first_tips_the_balance_a_little() -> None:
    plain = assign_roles({0: ["嗯"], 1: ["嗯"]}, {0: 0, 1: 16000}, CUES, 0.5)
    assert plain.roles[0] is Role.AGENT
    assert plain.confidence < 0.6


def test_words_that_contradict_the_options_give_a_warning() -> None:
    heard = assign_roles({0: ENGLISH[0][1], 1: ENGLISH[0][0]}, None, CUES)
    warning = check_roles({0: Role.AGENT, 1: Role.CUSTOMER}, heard)
    assert warning is not None
    assert warning.kind is WarningKind.SWAPPED_CHANNELS
    assert warning.detail["confidence"] == heard.confidence
    assert "channel 1" in warning.message
    assert check_roles({0: Role.CUSTOMER, 1: Role.AGENT}, heard) is None
    assert check_roles({0: Role.UNKNOWN, 1: Role.UNKNOWN}, heard) is None
    assert check_roles({0: Role.AGENT, 1: Role.CUSTOMER}, RolesAssigned(heard.roles, 0.85, "cues")) is None


def test_a_bank_can_bring_its_own_cues(tmp_path: Path) -> None:
    file = tmp_path / "cues.toml"
    file.write_text('version = 1\n[[cue]]\nrole = "agent"\nweight = 5\nphrases = ["花开富贵银行"]\n', encoding="utf-8")
    cues = RoleCues.load(file)
    assert agent_evidence(["这里是花开富贵银行"], cues) == 5
    assert agent_evidence(["这里是华凯富贵银行"], cues) == 5, "matched by sound"
    assert agent_evidence(["为您服务"], cues) == 0
    assert RoleSettings(cues_file=file).cues_file == file


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        ("version = 1", "cue"),
        ("version = 2\ncue = []", "version"),
        ('version = 1\n[[cue]]\nrole = "boss"\nweight = 1\nphrases = ["x"]', "cue.0.role"),
        ('version = 1\n[[cue]]\nrole = "agent"\nweight = 1\nphrases = ["？！"]', "letters"),
        ('version = 1\n[[cue]]\nrole = "agent"\nweight = 1\nphrases = ["x"]\ncolour = 1', "colour"),
        ("version = ", "Invalid"),
    ],
)
def test_wrong_cues_are_refused_with_the_place(toml: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        RoleCues.parse(toml)


def test_a_missing_cues_file_is_a_settings_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        RoleCues.load(tmp_path / "none.toml")


def test_different_syllables_have_different_letters() -> None:
    sounds = {s for code in range(0x4E00, 0x9FFF) for s in syllables(chr(code))}
    assert len(sounds) > 390
    letters: dict[str, set[str]] = {}
    for syllable in sounds:
        letters.setdefault(roles_module._syllable_letter(syllable), set()).add(syllable)
    alike = [group for group in letters.values() if len(group) > 1]
    assert all(len({s.replace("h", "").replace("ng", "n").replace("n", "l") for s in group}) <= 1 for group in alike)


lines = st.lists(st.text(max_size=15), max_size=5)


@given(lines, lines)
def test_swapping_the_channels_swaps_the_roles(left: list[str], right: list[str]) -> None:
    one = assign_roles({0: left, 1: right}, None, CUES)
    other = assign_roles({0: right, 1: left}, None, CUES)
    assert one.confidence == other.confidence
    assert (one.roles[0], one.roles[1]) == (other.roles[1], other.roles[0])
