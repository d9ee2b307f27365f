"""Reference values of special functions, by mpmath at 60 digits.

Writes `special_values.csv` beside this file: function, arguments, value (17 digits). The Rust test
`tests/special_reference.rs` reads it. Run again only when functions or points change:

    python3 -m venv /tmp/special && /tmp/special/bin/pip install mpmath
    /tmp/special/bin/python crates/stats/checks/special_values.py

The arguments are the exact values of the f64 that are printed. Incomplete beta and gamma functions are
integrated as densities of the logit and the logarithm, independently of any closed form or expansion, and
checked against mpmath's own betainc and gammainc where those are quick.
"""
import csv
import os
import random

import mpmath as mp

mp.mp.dps = 60
rows = []
random.seed(20261101)


def add(name, args, value):
    rows.append([name] + [repr(float(a)) for a in args] + [""] * (3 - len(args)) + [mp.nstr(value, 20, min_fixed=1, max_fixed=0)])


def tail_integral(g, u0, direction):
    """∫ e^{g(u)} du from u0 towards ±∞ for concave g that falls in that direction (or has its mode near)."""
    f = lambda s: g(u0 + direction * s)
    top = f(mp.mpf(0))
    # Find the peak on this side (if any), then where it has fallen by 150.
    step = mp.mpf(1)
    while f(step) - top > -150:
        step *= 2
    while f(step) - top < -150:
        step /= 2
        if step < mp.mpf(10) ** -40:
            break
    width = step * 2
    points = [width * k / 16 for k in range(17)]
    value = mp.quad(lambda s: mp.exp(f(s) - top), points, maxdegree=9)
    return top + mp.log(value)


def ln_beta_tails(a, b, x):
    a, b, x = mp.mpf(a), mp.mpf(b), mp.mpf(x)
    lnb = mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b)
    g = lambda u: -a * mp.log1p(mp.exp(-u)) - b * mp.log1p(mp.exp(u))
    u0 = mp.log(x / (1 - x))
    if x * (a + b) <= a:
        lower = tail_integral(g, u0, -1) - lnb
        return lower, mp.log1p(-mp.exp(lower))
    upper = tail_integral(g, u0, 1) - lnb
    return mp.log1p(-mp.exp(upper)), upper


def ln_gamma_tails(a, x):
    a, x = mp.mpf(a), mp.mpf(x)
    g = lambda u: a * u - mp.exp(u)
    u0 = mp.log(x)
    if x <= a:
        lower = tail_integral(g, u0, -1) - mp.loggamma(a)
        return lower, mp.log1p(-mp.exp(lower))
    upper = tail_integral(g, u0, 1) - mp.loggamma(a)
    return mp.log1p(-mp.exp(upper)), upper


def ln_t_sf(nu, t):
    nu, t = mp.mpf(nu), mp.mpf(t)
    a, b = nu / 2, mp.mpf(1) / 2
    # The integral over t itself in v = ln t, upper tail.
    c = -mp.log(nu) / 2 - (mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b))
    g = lambda v: v + c - (nu + 1) / 2 * mp.log1p(mp.exp(2 * v) / nu)
    return tail_integral(g, mp.log(t), 1)


for x in [1e-8, 1e-3, 0.1, 0.5, 0.999999, 1.0000001, 1.3, 1.9999999, 2.0000001, 2.5, 7.7, 33.3, 1e3, 123456.789, 1e9]:
    add("ln_gamma", [x], mp.loggamma(mp.mpf(x)))
    add("digamma", [x], mp.digamma(mp.mpf(x)))
    add("trigamma", [x], mp.psi(1, mp.mpf(x)))
for x in [1.46, 1.4616, 1.461632145, 1.4626, 1.463]:
    add("digamma", [x], mp.digamma(mp.mpf(x)))
for x in [-0.49, -0.3, -1e-3, -1e-9, 1e-12, 1e-5, 0.2, 0.499, 0.7, 12.0]:
    add("ln_gamma_1p", [x], mp.loggamma(1 + mp.mpf(x)))
for x in [1e-3, 0.3, 1.0, 2.7, 9.99, 10.0, 55.5, 1e4, 1e6, 1e9]:
    for d in [1e-6, 0.1, 0.5, 1.0, 3.0, 17.0, 1e3, 1e6, 1e9]:
        add("ln_gamma_diff", [x, d], mp.loggamma(mp.mpf(x) + mp.mpf(d)) - mp.loggamma(mp.mpf(x)))
for a in [1e-3, 0.1, 0.5, 1.5, 8.0, 12.0, 300.5, 1e5, 1e9]:
    for b in [1e-3, 0.5, 1.5, 20.0, 1e4, 1e7, 1e9]:
        add("ln_beta", [a, b], mp.loggamma(mp.mpf(a)) + mp.loggamma(mp.mpf(b)) - mp.loggamma(mp.mpf(a) + mp.mpf(b)))
for n, k in [(10, 3), (60, 30), (62, 31), (1000, 2), (1000, 500), (10**6, 40), (10**9, 1), (10**9, 7), (10**9, 31), (10**9, 5 * 10**8), (10**9, 10**9 - 2)]:
    add("ln_choose", [n, k], mp.loggamma(n + 1) - mp.loggamma(k + 1) - mp.loggamma(n - k + 1))
for x in [-0.99, -0.41, -0.39, -0.1, -1e-4, -1e-9, 1e-12, 1e-3, 0.3, 0.79, 0.81, 5.0]:
    add("log1pmx", [x], mp.log1p(mp.mpf(x)) - mp.mpf(x))
    add("expm1mx", [x], mp.expm1(mp.mpf(x)) - mp.mpf(x))
for x in [-1e5, -800.0, -30.0, -0.7, -0.6931, -0.69, -0.1, -1e-10, -1e-300]:
    add("ln_1m_exp", [x], mp.log(-mp.expm1(mp.mpf(x))))
for x in [-40.0, -10.0, -3.3, -1.0, -0.99, -0.5, -1e-8, 0.0, 1e-5, 0.3, 1.0, 1.959963984540054, 4.0, 8.1, 15.0, 29.9, 30.1, 37.0, 38.4, 100.0, 1e4, 1e8, 1e150]:
    m = mp.mpf(x)
    if abs(x) < 1000:
        sf = mp.erfc(m / mp.sqrt(2)) / 2
        lnsf = mp.log(sf) if x > -10 else mp.log1p(-mp.erfc(-m / mp.sqrt(2)) / 2)
    else:
        lnsf = -m * m / 2 - mp.log(m * mp.sqrt(2 * mp.pi)) + mp.log1p(-1 / m**2 + 3 / m**4 - 15 / m**6 + 105 / m**8)
        sf = mp.exp(lnsf) if x < 1e5 else mp.mpf(0)
    add("ln_normal_sf", [x], lnsf)
    if -39 < x < 38.4:
        add("normal_sf", [x], sf)
for p in [1e-300, 1e-100, 1e-20, 1e-5, 0.01, 0.025, 0.1, 0.3, 0.49, 0.5000001, 0.6, 0.9, 0.999, 0.9999999999]:
    add("normal_quantile", [p], mp.findroot(lambda z: mp.log(mp.erfc(-z / mp.sqrt(2)) / 2) - mp.log(mp.mpf(p)), -mp.sqrt(-2 * mp.log(mp.mpf(p))) if p < 0.05 else mp.sqrt(2) * mp.erfinv(2 * mp.mpf(p) - 1)))

shapes = [(0.01, 0.3), (0.3, 0.01), (0.5, 0.5), (0.2, 50.0), (1.0, 1.0), (1.5, 1e7), (0.5, 5e7), (0.5, 1e9), (3.0, 4.0), (9.5, 11.0), (30.0, 2.5), (1e5, 9.9e6), (1e6, 1e6), (1e9, 1e9), (1e9, 3.0), (2e8, 0.7), (1234.5, 98765.0), (150.0, 150.0), (881152.2, 11.37)]
for a, b in shapes:
    # Points by standard deviations of the logit, and some far out.
    centre = mp.log(mp.mpf(a) / mp.mpf(b))
    sd = mp.sqrt(mp.mpf(1) / a + mp.mpf(1) / b)
    for z in [-30, -6, -2, -0.5, 0, 0.1, 1, 3, 8, 25]:
        u = centre + z * sd
        x = float(1 / (1 + mp.exp(-u)))
        if not (1e-300 < x and x < 1):
            continue
        lo, up = ln_beta_tails(a, b, x)
        add("ln_beta_cdf", [a, b, x], lo)
        add("ln_beta_sf", [a, b, x], up)
for a in [0.01, 0.3, 0.99, 1.0, 2.5, 9.0, 11.0, 100.0, 5432.1, 1e6, 1e9]:
    for z in [-20, -5, -1.5, -0.2, 0, 0.3, 1, 4, 12, 40]:
        x = float(mp.mpf(a) * mp.exp(z / mp.sqrt(mp.mpf(a))))
        if not (1e-300 < x < 1e300):
            continue
        if x > 1e6 * max(a, 1):
            continue
        lo, up = ln_gamma_tails(a, x)
        add("ln_gamma_p", [a, x], lo)
        add("ln_gamma_q", [a, x], up)
for nu in [0.5, 1.0, 2.0, 3.7, 10.0, 57.3, 1e4, 1e6, 1e8]:
    for t in [1e-6, 0.1, 1.0, 1.96, 5.0, 12.0, 38.0, 1e4, 1e8]:
        add("ln_student_t_sf", [nu, t], ln_t_sf(nu, t))



def newton(u, ln_p, tail_and_density):
    """The u with ln tail(u) = ln p; the tail is log-concave in u, so Newton's method converges from anywhere."""
    for _ in range(200):
        tail, density, sign = tail_and_density(u)
        step = sign * (ln_p - tail) * mp.exp(tail - density)
        u += max(min(step, 50), -50)
        if abs(step) < mp.mpf(10) ** -25:
            return u
    raise ValueError("no convergence")


for a, b in [(0.3, 0.7), (1.5, 1e7), (3.0, 4.0), (1e6, 1e6), (1e9, 3.0), (250.0, 7e4)]:
    for p in [1e-200, 1e-8, 0.025, 0.5, 0.9]:
        def both(u, a=mp.mpf(a), b=mp.mpf(b)):
            lnb = mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b)
            g = lambda v: -a * mp.log1p(mp.exp(-v)) - b * mp.log1p(mp.exp(v))
            return tail_integral(g, u, -1) - lnb, g(u) - lnb, 1
        u = newton(mp.log(mp.mpf(a) / mp.mpf(b)), mp.log(mp.mpf(p)), both)
        add("beta_quantile_logit", [a, b, p], u)
        x = 1 / (1 + mp.exp(-u))
        if 1e-300 < x < 1 - mp.mpf(10) ** -3:
            add("beta_quantile", [a, b, p], x)
for a in [0.3, 1.0, 7.7, 400.0, 1e9]:
    for p in [1e-200, 1e-8, 0.025, 0.5]:
        for upper in (False, True):
            def both(u, a=mp.mpf(a), upper=upper):
                g = lambda v: a * v - mp.exp(v) - mp.loggamma(a)
                return tail_integral(g, u, 1 if upper else -1), g(u), -1 if upper else 1
            u = newton(mp.log(mp.mpf(a)), mp.log(mp.mpf(p)), both)
            if u > -690:
                add("gamma_q_inverse" if upper else "gamma_p_inverse", [a, p], mp.exp(u))
for nu in [0.5, 1.0, 3.7, 57.3, 1e4, 1e8]:
    for p in [1e-100, 1e-8, 0.01, 0.2]:
        def both(v, nu=mp.mpf(nu)):
            a = nu / 2
            c = -mp.log(nu) / 2 - (mp.loggamma(a) + mp.loggamma(mp.mpf(1) / 2) - mp.loggamma(a + mp.mpf(1) / 2))
            g = lambda w: w + c - (nu + 1) / 2 * mp.log1p(mp.exp(2 * w) / nu)
            return tail_integral(g, v, 1), g(v), -1
        v = newton(mp.mpf(0), mp.log(mp.mpf(p)), both)
        add("student_t_quantile", [nu, p], -mp.exp(v))

# A check of the integrals by mpmath's own functions where those are quick.
for a, b, x in [(3.0, 4.0, 0.2), (9.5, 11.0, 0.7), (0.5, 0.5, 0.9), (150.0, 150.0, 0.4)]:
    lo, up = ln_beta_tails(a, b, x)
    ref = mp.betainc(mp.mpf(a), mp.mpf(b), 0, mp.mpf(x), regularized=True)
    assert abs(mp.exp(lo) / ref - 1) < mp.mpf(10) ** -30, (a, b, x, mp.exp(lo), ref)
for a, x in [(0.3, 0.2), (2.5, 9.0), (100.0, 80.0), (5432.1, 5500.0)]:
    lo, up = ln_gamma_tails(a, x)
    ref = mp.gammainc(mp.mpf(a), 0, mp.mpf(x), regularized=True)
    assert abs(mp.exp(lo) / ref - 1) < mp.mpf(10) ** -30, (a, x)

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "special_values.csv"), "w", newline="") as f:
    out = csv.writer(f, lineterminator="\n")
    out.writerow(["function", "x1", "x2", "x3", "value"])
    out.writerows(rows)
print(len(rows), "values")
