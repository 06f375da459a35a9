"""Which voices teach and which test, and how widely each speaks."""

from __future__ import annotations

from random import Random

from models.training.starter import flite
from models.training.starter.espeak import Manner

HELD_OUT = ("m7", "f5", "Andrea", "steph2", "pablo", "klatt3")  #: never heard in training
VARIANTS = (
    "Alex Alicia Andy Annie AnxiousAndy Denis Diogo Gene Gene2 Henrique Hugo Jacky Lee Marco Mario Michael Mike "
    "Nguyen RicishayMax RicishayMax2 RicishayMax3 Storm Tweaky UniRobot adam anika announcer antonio aunty belinda "
    "benjamin boris caleb david ed edward edward2 f1 f2 f3 f4 gustave iven iven2 iven3 iven4 john kaukovalta klatt "
    "klatt2 klatt4 klatt5 klatt6 linda m1 m2 m3 m4 m5 m6 m8 marcelo max michel miguel norbert paul pedro quincy "
    "robert robosoft robosoft3 robosoft5 robosoft7 sandro shelby steph steph3 travis victor zac"
).split()  #: of all languages; whispering, croaking and joke voices are left out
MANDARIN = "cmn-latn-pinyin"
ENGLISH = tuple(f"gmw/{name}" for name in (
    "en-US", "en", "en-GB-x-rp", "en-GB-scotland", "en-GB-x-gbcwmd", "en-GB-x-gbclan", "en-029", "en-US-nyc",
))  # fmt: skip
FLITE = {"kal16": 95, "rms": 105, "slt": 168}  #: voices of flite, and their usual pitch in Hz
FLITE_HELD_OUT = {"awb": 125}  #: never heard in training


def manner(random: Random, language: str = "zh", *, held_out: bool = False) -> Manner:
    """A voice and how it speaks now. Tests speak at moderate rates, training beyond them."""
    base = MANDARIN if language == "zh" else random.choice(ENGLISH)
    if held_out:
        voice = random.choice(HELD_OUT)
        return Manner(f"{base}+{voice}", random.randint(160, 250), random.randint(30, 75), random.randint(35, 75))
    gap = random.choice((0, 0, 0, 0, 1, 2, 4))
    return Manner(
        f"{base}+{random.choice(VARIANTS)}",
        random.randint(150, 290),
        random.randint(20, 85),
        random.randint(25, 85),
        gap,
    )


def flite_manner(random: Random, *, held_out: bool = False) -> flite.Manner:
    """The same for flite."""
    voice, usual = random.choice(list((FLITE_HELD_OUT if held_out else FLITE).items()))
    if held_out:
        pitch = usual * random.uniform(0.85, 1.2)
        return flite.Manner(voice, random.uniform(0.7, 1.05), pitch, pitch * random.uniform(0.08, 0.15))
    pitch = usual * random.uniform(0.75, 1.4)
    return flite.Manner(voice, random.uniform(0.6, 1.15), pitch, pitch * random.uniform(0.05, 0.2))


def stretch(random: Random, *, held_out: bool = False) -> float:
    """By how much all frequencies rise and all durations shrink: one factor for both, as resampling does it."""
    return random.uniform(0.94, 1.08) if held_out else random.uniform(0.86, 1.16)
