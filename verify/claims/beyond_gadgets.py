"""Past the paper: the sharp constants of the lemmas."""

from dataclasses import replace

from verify.claims.certified import ALPHA, EPSILON, NAMES, M, case_of, certified
from verify.claims.claim import Claim, Decision, Setup
from verify.claims.settled import stands
from verify.gadgets.past import steep_check
from verify.verdict import Check, Verdict

WHERE, TOPIC = "past the paper", "Past the paper"


def sharp(setup: Setup) -> Decision:
    """X-GADGET: at the smallest lambda the error is eps, at 0.99 of it more; both on the built weights."""
    names = [name for name in NAMES if not (setup.fast and name == "not-equal-printed")]
    checks = [check for name in names for check in certified(name, "X-GADGET")]
    if setup.altered == "0.99 of lambda is enough":
        checks = [_not_needed(check) if "needed" in check.id else check for check in checks]
    return stands(
        *checks,
        steep_check(case_of("select"), M, ALPHA, EPSILON),
        again="import numpy as np; lam = 0.99 * 7.192629589; u = 2 / lam; assert 2**2 * (1 - np.tanh(u) / u) > 0.1",
    )


def _not_needed(check: Check) -> Check:
    """The opposite of a check that a smaller lambda fails."""
    turned = Verdict.REFUTED if check.verdict is Verdict.PROVED else check.verdict
    return replace(check, verdict=turned)


CLAIMS = (
    Claim(
        "X-GADGET",
        WHERE,
        TOPIC,
        "Each lemma's smallest lambda: Lemma 1 the root of M^2 (1 - tanh(M/lambda) lambda/M) = eps, about "
        "M^2/sqrt(3 eps); Lemma 2 kappa M d/eps, kappa = W(1/e) = 0.278..; Lemma 3 and the product through the gate "
        "every lambda; Lemma 4 about 2 kappa/eps at most; Lemma 5 about kappa/eps.",
        sharp,
        altered={"0.99 of lambda is enough": Verdict.REFUTED},
        slow=True,
    ),
)
