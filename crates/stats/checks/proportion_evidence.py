#!/usr/bin/env python3
"""Prints E-values, posterior and confidence sequence of small lists to 20 digits, for `src/proportion/tests.rs`.

    pip install mpmath && python3 checks/proportion_evidence.py

Everything straight from the definition: the noncentral hypergeometric law as a sum over its support, the prior N(0, 0.4^2), integrals by
mpmath's adaptive quadrature at 30 digits, bounds by root finding. Shares no code or formula with the Rust side.
"""
from mpmath import mp, mpf, binomial, exp, log, quad, findroot, sqrt, pi, inf

mp.dps = 30
SD, ALPHA = mpf("0.4"), mpf("0.05")

TABLES = [
    [([500, 500], [60, 35])],
    [([40, 60], [20, 22]), ([10, 30], [1, 9])],
    [([30, 20], [0, 7])],
    [([200, 300], [180, 240]), ([90, 20], [81, 17]), ([5, 400], [5, 350])],
]


def likelihood(strata):
    tables = []
    for (na, nb), (sa, sb) in strata:
        s = sa + sb
        weights = [(k, binomial(na, k) * binomial(nb, s - k)) for k in range(max(0, s - nb), min(s, na) + 1)]
        total = sum(w for _, w in weights)
        tables.append((sa, [(k, w / total) for k, w in weights]))

    def f(psi):
        value = mpf(1)
        for sa, weights in tables:
            mine = next(w for k, w in weights if k == sa)
            value *= mine / sum(w * exp(psi * (k - sa)) for k, w in weights)
        return value

    return f


def prior(psi):
    return exp(-psi * psi / (2 * SD * SD)) / (SD * sqrt(2 * pi))


for strata in TABLES:
    f = likelihood(strata)
    knots = [mpf(x) / 4 for x in range(-16, 17)]
    above = quad(lambda p: f(p) * prior(p), [k for k in knots if k >= 0] + [inf])
    below = quad(lambda p: f(p) * prior(p), [-inf] + [k for k in knots if k <= 0])
    marginal = above + below
    level = lambda p: log(f(p)) - log(ALPHA * marginal)

    inside = max(knots, key=level)

    def bound(sign):
        step = mpf("0.05")
        while level(inside + sign * step) > 0:
            step *= mpf("1.1")
            if step > 60:
                return None
        return findroot(level, (inside, inside + sign * step), solver="anderson", tol=1e-25)

    low, high = bound(-1), bound(1)
    show = lambda x: "None" if x is None else mp.nstr(x, 14)
    print(strata)
    print("   ln E(a beats b)", mp.nstr(log(2 * above / f(0)), 14), " ln E(b beats a)", mp.nstr(log(2 * below / f(0)), 14))
    print("   P(a > b)", mp.nstr(above / marginal, 14), " bounds of psi", show(low), show(high))
