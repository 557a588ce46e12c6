"""Settings: which source wins, and what does not fit."""

from pathlib import Path

import pytest

from spacepolicy.errors import UsageError
from spacepolicy.settings import Settings, content_directory, load, store_directory


def checkout(folder: Path) -> Path:
    (folder / "ontology").mkdir(parents=True)
    (folder / "pyproject.toml").write_text("", encoding="utf-8")
    return folder


def test_the_command_line_wins_over_the_environment_over_the_file_over_defaults(
    tmp_path: Path,
) -> None:
    (tmp_path / "spacepolicy.toml").write_text(
        'port = 1\nhost = "file"\ntimeout = 3\n', encoding="utf-8"
    )
    environment = {"SPACEPOLICY_PORT": "2", "SPACEPOLICY_HOST": "environment", "PORT": "9"}
    chosen = load({"port": 3, "host": None}, environment, tmp_path)
    assert (chosen.port, chosen.host, chosen.timeout) == (3, "environment", 3.0)
    assert chosen.default_graph == Settings().default_graph


def test_what_a_store_says_wins_over_defaults_alone(tmp_path: Path) -> None:
    def says(store: Path) -> dict[str, str]:
        assert store == tmp_path / "here"
        return {"default_graph": "stored", "content": "none"}

    named = {"store": str(tmp_path / "here")}
    assert load(named, {}, tmp_path, says).default_graph == "stored"
    assert load(named, {}, tmp_path, says).content == "none"
    asked = load(named, {"SPACEPOLICY_DEFAULT_GRAPH": "merged"}, tmp_path, says)
    assert (asked.default_graph, asked.content) == ("merged", "none")


@pytest.mark.parametrize(
    "values",
    [{"port": "high"}, {"max_running": 0}, {"cache_mib": -1}, {"max_timeout": "nan"},
     {"port": 70000}, {"upload_mib": 0}, {"timeout": 0}, {"default_graph": "union"},
     {"keep_last": "perhaps"}],
)  # fmt: skip
def test_a_value_that_does_not_fit_is_refused(values: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        load(values, {}, tmp_path)


@pytest.mark.parametrize("text", ["colour = 1", "port = ", "\x00"])
def test_a_file_that_cannot_be_used_is_named(text: str, tmp_path: Path) -> None:
    (tmp_path / "spacepolicy.toml").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"spacepolicy\.toml"):
        load({}, {}, tmp_path)


def test_a_checkout_finds_its_own_files_from_any_folder_in_it(tmp_path: Path) -> None:
    inside = checkout(tmp_path) / "ontology"
    content = content_directory(Settings(), inside)
    assert content is not None
    assert (content.path, content.packaged) == (tmp_path, False)
    assert store_directory(Settings(), inside, {}) == tmp_path / ".spacepolicy"


def test_no_content_may_be_asked_for(tmp_path: Path) -> None:
    assert content_directory(Settings(content="none"), tmp_path) is None


def test_a_folder_without_an_ontology_is_no_content(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="ontology"):
        content_directory(Settings(content=str(tmp_path)), tmp_path)


def test_a_store_that_is_named_is_used(tmp_path: Path) -> None:
    assert store_directory(Settings(store="here"), tmp_path, {}) == Path("here")


def test_a_byte_order_mark_before_the_file_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "spacepolicy.toml").write_text("port = 3\n", encoding="utf-8-sig")
    assert load({}, {}, tmp_path).port == 3


def test_a_write_and_an_import_have_times_of_their_own(tmp_path: Path) -> None:
    assert (Settings().write_timeout, Settings().import_timeout) == (300, 3600)
    chosen = load({"write_timeout": 2.5}, {"SPACEPOLICY_IMPORT_TIMEOUT": "7"}, tmp_path)
    assert (chosen.write_timeout, chosen.import_timeout) == (2.5, 7)
    with pytest.raises(UsageError):
        load({"write_timeout": 0}, {}, tmp_path)
