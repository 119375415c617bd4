"""Operators find every setting in docs/settings.md, and nothing that is none."""

import re
from pathlib import Path

import pytest

import config


def test_the_page_of_settings_is_what_the_code_says(repository: Path):
    page = (repository / "docs" / "settings.md").read_text()
    assert page == config.as_markdown(), "write it anew: python config.py > docs/settings.md"


def test_every_setting_says_what_it_is_for():
    assert [setting.name for setting in config.SETTINGS if len(setting.about) < 10] == []
    assert len({setting.name for setting in config.SETTINGS}) == len(config.SETTINGS)


@pytest.mark.parametrize("setting", config.SETTINGS, ids=lambda setting: setting.name)
def test_every_default_can_be_read(setting: config.Setting):
    if setting.default is not None:
        setting.read(setting.default)


def test_only_config_reads_the_environment(repository: Path):
    """`embedded` starts programs with an environment of their own."""
    reading = re.compile(r"os\.(environ|getenv)|from os import .*(environ|getenv)")
    found = [
        str(path.relative_to(repository))
        for path in [*(repository / "helpdesk").rglob("*.py"), *(repository / "workers").rglob("*.py")]
        if reading.search(path.read_text()) and path.parent.name != "embedded"
    ]
    assert found == []


@pytest.mark.parametrize("name", [setting.name for setting in config.SETTINGS if setting.needed])
def test_a_missing_secret_refuses_to_start_and_says_what_to_set(environment: dict[str, str], name: str):
    without = {key: value for key, value in environment.items() if key != name}
    with pytest.raises(config.MissingSetting, match=f"{name} is not set. It is: "):
        config.load(without, services={})


@pytest.mark.parametrize(
    ("name", "value"), [("WEB_PORT", "many"), ("SIGN_IN_LIMIT", "often"), ("SECRET_KEY", "too short")]
)
def test_a_setting_that_cannot_be_read_is_named(environment: dict[str, str], name: str, value: str):
    with pytest.raises(config.MissingSetting, match=name):
        config.load({**environment, name: value}, services={})


def test_a_secret_that_cannot_be_read_is_not_repeated(environment: dict[str, str]):
    with pytest.raises(config.MissingSetting) as refused:
        config.load({**environment, "SECRETS_KEYS": "not-a-key-but-secret"}, services={})
    assert "SECRETS_KEYS cannot be read" in str(refused.value)
    assert "not-a-key-but-secret" not in str(refused.value)
