"""In English: who of the names of a call is of the bank, whose names are secret, and which numbers are references."""

from __future__ import annotations

import pytest
from test_privacy_rules import following, told, turn

from callcore.types import Role
from tests.privacy_calls import taggers

GREETING = "Velmor Savings, this is Nils. How can I help?"


def shown(said):
    """What the turns of an agent and a customer, after a greeting, look like masked."""
    call = following(taggers=taggers(), roles={0: Role.AGENT, 1: Role.CUSTOMER})
    told(call, turn(1, 0, GREETING, "en"))
    return [told(call, turn(n, (n + 1) % 2, text, "en"))[0] for n, text in enumerate(said, 2)]


@pytest.mark.parametrize(
    "said",
    [
        ["A woman called Perdita took it all down.", "I have the note.", "Perdita said two days."],
        ["Some fella named Corwin rang off on me."],
        ["Your own Mrs Tansley told me that, Mrs Tansley in Ludford."],
        ["Your Mr Quayle was very kind."],
        ["A Mr Osgood rang me on Tuesday and said it was sorted."],
        ["The bond Mr Vosper sold me, at your Denby branch, has lost half."],
        ["Who decides?", "It's going to Mrs Oduya, and she'll write to you.", "Thank Mrs Oduya for me."],
        ["Is he in?", "Mr Penrose is out until Monday."],
        ["Where do I go?", "To the desk in Leek, ask for Rowena."],
        ["Can you put me through to Isolde?"],
        ["I want that Crispin's manager."],
    ],
)
def test_names_of_the_banks_people_stay_readable(said):
    assert shown(said) == said


@pytest.mark.parametrize(
    ("said", "masked"),
    [
        (["I bought it off a man called Leopold Trask."], ["I bought it off a man called ******* *****."]),
        (["My neighbour, a lady called Hester Pym, has it."], ["My neighbour, a lady called ****** ***, has it."]),
        (["It's with the lad, Otis, till June."], ["It's with the lad, ****, till June."]),
        (["The man upstairs, a Mr Ambrose Kite, gets it."], ["The man upstairs, a ** ******* ****, gets it."]),
        (
            ["What's gone out?", "Forty pounds, paid to Mr Osric Bell."],
            ["What's gone out?", "Forty pounds, paid to ** ***** ****."],
        ),
        (["It's been hard since Alwyn died."], ["It's been hard since ***** died."]),
        (["It's been down since Visa went."], ["It's been down since Visa went."]),
        (["yes close it please its brenda mae gossage"], ["yes close it please its ****** *** *******"]),
        (["Hello, Nils. Farida Noor, born 4 May 1979."], ["Hello, Nils. ****** ****, born * *** ****."]),
    ],
)
def test_names_of_others_are_masked(said, masked):
    assert shown(said) == masked


@pytest.mark.parametrize(
    ("rung", "masked"),
    [
        ("It's Wren from Velmor, ringing Mrs Imelda Crossley.", "It's Wren from Velmor, ringing *** ****** ********."),
        (
            "Good morning, this is Wren. Am I speaking to Oluchi?",
            "Good morning, this is Wren. Am I speaking to ******?",
        ),
    ],
)
def test_whom_an_agent_rings_is_masked(rung, masked):
    call = following(taggers=taggers(), roles={0: Role.AGENT, 1: Role.CUSTOMER})
    assert told(call, turn(1, 0, rung, "en")) == [masked]


@pytest.mark.parametrize(
    "said",
    [
        ["I had a claim with you, K T, double four oh nine."],
        ["I was given a number, it's H, nine nine oh four.", "H nine nine oh four, yes."],
        ["The app's down.", "They gave me a number, V seven one two.", "V seven one two, thanks."],
        ["The loan, please.", "And the application number?", "Seven one double oh two."],
        ["Where to?", "It's docs at velmor dot example."],
        ["Which one?", "I see three ten, and before that one ninety-nine."],
        ["A hundred and ten plus nine, one nineteen in all."],
    ],
)
def test_references_amounts_and_mailboxes_of_the_bank_stay_readable(said):
    assert shown(said) == said


@pytest.mark.parametrize(
    ("asked", "answer", "again"),
    [
        ("What's the account number?", "It's K, four four one two, double oh seven.", "K, four four one two, right?"),
        ("And your passport number?", "P R, seven seven one oh two.", "Seven seven one oh two, thanks."),
    ],
)
def test_numbers_of_customers_are_no_references(asked, answer, again):
    _, _, answered, repeated = shown(["Hello.", asked, answer, again])
    assert not {"four", "seven", "two"} & {*answered.lower().split(), *repeated.lower().split()}


def test_a_date_of_birth_may_begin_a_long_answer():
    talk = "and why do you ask me that each time i ring when i have banked with you for twenty years and more"
    *_, masked = shown(["hello", "and your date of birth", f"ninth of june two thousand and two {talk}"])
    assert masked == f"***** ** **** *** ******** *** *** {talk}"


def test_dates_of_payments_stay_readable_after_a_date_of_birth():
    said = [
        "Hi.",
        "Your date of birth?",
        "Fourth of May, sixty-one.",
        "A payment of ninety went out on the third of June.",
    ]
    assert shown(said)[-1] == said[-1]
