"""CVSS 3.1 and 4.0, base and context."""

import pytest

from forgeward.errors import BadInput, VectorInvalid
from forgeward.respond.severity import ContextMetric, judge, level_of, parse_context, score
from forgeward.vocabulary import Severity
from tests.respond import kit

V31 = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
V40 = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"


@pytest.mark.parametrize(
    ("vector", "metrics", "base", "adjusted"),
    [
        # The examples of FIRST's CVSS v3.1 and v4.0 calculators.
        (V31, (), 98, 98),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", (), 100, 100),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", (), 61, 61),
        ("CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:N/I:N/A:N", (), 0, 0),
        (V31, ("MAV:P",), 98, 68),
        (V31, ("CR:L", "IR:L", "AR:L"), 98, 80),
        (V31, ("E:U",), 98, 90),
        (V40, (), 93, 93),
        (V40, ("E:U",), 93, 81),
        (V40 + "/AU:Y", (), 93, 93),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H", (), 100, 100),
        ("CVSS:4.0/AV:P/AC:H/AT:P/PR:H/UI:A/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N", (), 0, 0),
    ],
)
def test_scores(vector, metrics, base, adjusted):
    """The base is the vector alone, whatever the context says."""
    found = score(vector, metrics)
    assert (found.base, found.score, found.metrics) == (base, adjusted, metrics)


@pytest.mark.parametrize(
    ("vector", "says"),
    [
        ("", "no CVSS vector"),
        ("AV:N/AC:L", "no CVSS vector"),
        ("CVSS:2.0/AV:N", "no CVSS vector"),
        ("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "no CVSS vector"),
        ("CVSS:3.1/AV:N/AC:L", "lacks PR, UI, S, C, I, A"),
        (V31.replace("AV:N", "AV:Q"), "does not parse"),
        (V31 + "/AV:N", "does not parse"),
        (V31 + "/MAV:L", "MAV:L"),
        (V40 + "/E:U", "E:U"),
        (V31 + "/AT:N", "does not know AT:N"),
    ],
)
def test_a_vector_that_is_none_is_named(vector, says):
    """VectorInvalid, with a way on."""
    with pytest.raises(VectorInvalid, match=says) as caught:
        score(vector)
    assert caught.value.next


def test_a_context_metric_of_another_version_is_refused():
    """MVC is of 4.0."""
    with pytest.raises(VectorInvalid, match=r"no context metric of CVSS 3\.1"):
        score(V31, ("MVC:L",))


def test_context_is_read_with_its_reasons():
    """METRIC:VALUE=reason, each once; a reason may hold an equals sign."""
    assert parse_context(["MAV:L=only inside", "MAC:H=a=b", "MPR:H"]) == (
        ContextMetric("MAV:L", "only inside"),
        ContextMetric("MAC:H", "a=b"),
        ContextMetric("MPR:H", ""),
    )
    with pytest.raises(BadInput, match="MAV twice"):
        parse_context(["MAV:L=a", "MAV:N=b"])
    with pytest.raises(BadInput, match="no context"):
        parse_context(["because"])


@pytest.mark.parametrize(
    ("tenths", "level"),
    [
        (100, "critical"),
        (90, "critical"),
        (89, "high"),
        (70, "high"),
        (69, "medium"),
        (40, "medium"),
        (39, "low"),
        (0, "low"),
    ],
)
def test_levels_by_the_policys_thresholds(tenths, level):
    """9.0, 7.0, 4.0 in the default policy; a threshold belongs to the graver level."""
    assert level_of(tenths, kit.policy().thresholds) == level


def test_thresholds_are_the_policys():
    """Another policy, another level."""
    stricter = kit.policy(2, (("critical: 9.0", "critical: 8.5"),))
    assert level_of(88, stricter.thresholds) is Severity.CRITICAL


class TestJudging:
    def judged(self, vector="", context=(), chosen=""):
        return judge(vector, parse_context(context), chosen, kit.policy().thresholds)

    def test_nothing_given(self):
        """Then there is no level."""
        assert self.judged() is None

    def test_by_vector(self):
        """The score gives the level."""
        found = self.judged(V31)
        assert (found.level, found.by_hand) == (Severity.CRITICAL, False)

    def test_by_vector_and_context(self):
        """Until somebody agreed, the base level stands."""
        found = self.judged(V31, ["MAV:P=w"])
        assert (found.level, found.base_level) == (Severity.MEDIUM, Severity.CRITICAL)

    def test_agreeing_with_the_vector_is_not_by_hand(self):
        """Saying what the vector says needs no reason."""
        assert not self.judged(V31, chosen="critical").by_hand

    def test_against_or_without_a_vector_is_by_hand(self):
        """And then it stands whatever the context says."""
        assert self.judged(chosen="low").by_hand
        found = self.judged(V31, ["MAV:P=w"], "low")
        assert (found.level, found.base_level, found.by_hand) == (Severity.LOW, Severity.LOW, True)
