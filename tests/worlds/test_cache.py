"""Compiled kernels are used for as long as nothing that they build on has changed."""

import pytest

from avatarium.worlds.core import cache
from avatarium.worlds.wayfinding import rules


@pytest.mark.parametrize("name", ["core", "network", "eyes", "wayfinding"])
def test_a_change_anywhere_in_the_toolbox_or_beside_a_kernel_has_it_compiled_anew(monkeypatch, name):
    locator = cache.SourceKeyedLocator.from_function(rules.step.py_func, rules.__file__)
    before, stamp = locator.get_source_stamp(), cache.folder_stamp
    monkeypatch.setattr(cache, "folder_stamp", lambda folder: "changed" if folder.name == name else stamp(folder))
    assert locator.get_source_stamp() != before


def test_what_is_no_kernel_of_this_package_is_left_to_numba():
    assert cache.SourceKeyedLocator.from_function(pytest.approx, pytest.__file__) is None
