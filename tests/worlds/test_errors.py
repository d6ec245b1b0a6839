import math

import pytest

from avatarium.worlds.core.errors import UserError, resolve


def test_an_address_leads_to_what_lies_there():
    assert resolve("math:pi", "a number") is math.pi


@pytest.mark.parametrize(
    ("address", "complaint"),
    [
        ("math", "'math' is no address of a number: write package.module:attribute"),
        (":pi", "':pi' is no address"),
        ("math:", "'math:' is no address"),
        (".math:pi", "'.math:pi' is no address"),
        ("maths:pi", "there is no module 'maths' to take a number 'maths:pi' from: is it installed?"),
        ("math.more:pi", "there is no module 'math.more'"),
        ("math:pie", "module 'math' has no 'pie' to be a number"),
    ],
)
def test_addresses_that_lead_nowhere_are_explained(address, complaint):
    with pytest.raises(UserError) as error:
        resolve(address, "a number")
    assert complaint in str(error.value)


def test_what_a_module_itself_lacks_is_not_taken_for_a_wrong_address(tmp_path, monkeypatch):
    (tmp_path / "hungry.py").write_text("import hungry_for_this\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="hungry_for_this"):
        resolve("hungry:food", "a meal")
