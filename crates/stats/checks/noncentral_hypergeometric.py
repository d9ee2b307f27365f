#!/usr/bin/env python3
"""Writes src/proportion/two_by_two_reference.rs: ln P(s_a | s; psi) to 50 digits.

    pip install mpmath && python3 checks/noncentral_hypergeometric.py > src/proportion/two_by_two_reference.rs

The sum over the support is taken term by term with the exact ratio of neighbours, outwards from the largest term, until
terms fall below 1e-60 of it.
"""
from mpmath import mp, mpf, exp, log

mp.dps = 60

CASES = [
    ([20, 30], [5, 4], [-2.0, 0.0, 0.7]),
    ([50, 50], [0, 30], [-1.0, 0.0, 3.0]),
    ([200, 150], [90, 60], [-0.5, 0.0, 0.25, 40.0]),
    ([1000, 1000], [999, 500], [0.0, 5.0, 9.0]),
    ([21307, 21306], [3894, 2262], [0.0, 0.3, 0.6344, 1.0]),
    ([44700, 45489], [8502, 8279], [0.0, 0.0536]),
    ([10**6, 10**3], [300, 4], [-2.0, 0.0, 2.6]),
    ([10**9, 10**9], [10**6, 10**6 + 3000], [-0.003, 0.0, 0.01]),
    ([10**9, 10**9], [5 * 10**8, 5 * 10**8 - 40000], [0.0, 0.00016, 0.001]),
    ([10**9, 2 * 10**6], [3 * 10**8, 5 * 10**5], [0.0, 0.25, 0.26]),
]


def ln_p(people, goals, psi):
    na, nb = people
    sa, sb = goals
    s = sa + sb
    first, last = max(0, s - nb), min(s, na)
    w = exp(mpf(psi))
    # Mode by the quadratic for the mean-like root, then climb.
    ratio = lambda k: mpf(na - k) * (s - k) * w / (mpf(k + 1) * (nb - s + k + 1))  # weight(k+1)/weight(k)
    lo, hi = first, last
    while lo < hi:
        mid = (lo + hi) // 2
        if ratio(mid) > 1:
            lo = mid + 1
        else:
            hi = mid
    mode = lo
    total = mpf(1)
    mine = mpf(1) if sa == mode else None
    weight = mpf(1)
    for k in range(mode, last):
        weight *= ratio(k)
        total += weight
        if k + 1 == sa:
            mine = weight
        if weight < mpf(10) ** -60 and (mine is not None or sa < mode):
            break
    weight = mpf(1)
    for k in range(mode - 1, first - 1, -1):
        weight /= ratio(k)
        total += weight
        if k == sa:
            mine = weight
        if weight < mpf(10) ** -60 and mine is not None:
            break
    return log(mine / total)


print("/// (people, goals, ψ, ln P, absolute tolerance); written by `checks/noncentral_hypergeometric.py`.")
print("type Reference = ([u64; 2], [u64; 2], f64, f64, f64);")
print("#[rustfmt::skip]")
print("const REFERENCE: &[Reference] = &[")
for people, goals, psis in CASES:
    for psi in psis:
        value = ln_p(people, goals, psi)
        tolerance = max(mpf("2e-12"), abs(value) * mpf("1e-11"))
        if max(people) >= 10**9:
            tolerance = max(tolerance, mpf("1e-9"))
        print(f"    ({people}, {goals}, {psi!r}, {float(value)!r}, {mp.nstr(tolerance, 2)}),")
print("];")
