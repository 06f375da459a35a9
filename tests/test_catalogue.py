"""The data files that a bank edits: read, checked, explained when wrong."""

from __future__ import annotations

from importlib.resources import files

import pytest

from callcore.errors import ConfigError
from callcore.understand.catalogue import Catalogue

DATA = files("callcore.understand") / "data"


def edited(tmp_path, name, old, new):
    text = (DATA / f"{name}.toml").read_text(encoding="utf-8")
    assert old in text
    file = tmp_path / f"{name}.toml"
    file.write_text(text.replace(old, new), encoding="utf-8")
    return file


def test_the_bundled_files_fit_together():
    catalogue = Catalogue.load()
    for topic in catalogue.taxonomy.topic:
        assert catalogue.department([topic.code]) == topic.department
        assert catalogue.name(topic.department, "en")


def test_names_in_both_languages_and_the_code_where_there_is_none():
    catalogue = Catalogue.load()
    assert catalogue.name("credit_card.limit", "zh") == "信用卡额度"
    assert catalogue.name("credit_card.limit", "en") == "credit limit"
    assert catalogue.name("bank.of_tomorrow", "en") == "bank.of_tomorrow"


def test_causes_can_override_the_department_of_the_topic():
    catalogue = Catalogue.load()
    assert catalogue.department(["credit_card.bill"]) == "credit_cards"
    assert catalogue.department(["credit_card.bill"], ["staff.empathy"]) == "quality"
    assert catalogue.department([]) == ""


def test_a_bank_adds_a_topic_of_its_own(tmp_path):
    own = 'code = "loan.farm"\nzh = "惠农贷"\nen = "farm loan"\ndepartment = "loans"\nlike = "loan.personal"'
    first = '[[topic]]\ncode = "account.open_close"'
    file = edited(tmp_path, "taxonomy", first, f"[[topic]]\n{own}\n\n{first}")
    assert Catalogue.load(taxonomy=file).name("loan.farm", "zh") == "惠农贷"


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        ("taxonomy", 'code = "credit_card.limit"', 'code = "gold_card.limit"', "no product 'gold_card'"),
        ("taxonomy", 'code = "credit_card.limit"', 'code = "credit_card.bill"', "credit_card.bill is there twice"),
        ("taxonomy", 'department = "fraud"', 'department = "police"', "no department 'police'"),
        ("taxonomy", 'code = "credit_card.limit"', 'code = "Credit limit"', "topic.9.code"),
        ("taxonomy", 'zh = "咨询"', 'zh = ""', "category.0.zh"),
        ("taxonomy", "[[intent]]", "[[intents]]", "intent"),
        ("taxonomy", "version = 1", "version = ", "taxonomy"),
        ("causes", 'code = "staff.empathy"', 'code = "crew.empathy"', "no group 'crew'"),
        ("routing", 'department = "digital"', 'department = "it"', "no department 'it'"),
        ("routing", '"staff.empathy"', '"staff.sympathy"', "no cause 'staff.sympathy'"),
    ],
)
def test_a_broken_file_is_named_with_its_first_fault(tmp_path, name, old, new, told):
    file = edited(tmp_path, name, old, new)
    with pytest.raises(ConfigError) as raised:
        Catalogue.load(**{name: file})
    assert told in raised.value.message
    assert name in raised.value.message


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match="nowhere"):
        Catalogue.load(causes=tmp_path / "nowhere.toml")
