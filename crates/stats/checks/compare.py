#!/usr/bin/env python3
"""Compares this crate's values with independent programs on a grid of tables.

    python3 crates/stats/checks/compare.py [--sample] [--values FILE] [--environment DIR]

`--sample` takes every seventh table (what continuous integration does); `--values` reads lines that
`cargo run -p gevinst-stats --example compare_values` has printed instead of running it; `--environment` says where
the virtual environment is kept (default: `target/compare-environment`). The script makes that environment itself and
installs `requirements.txt` into it. Python is used here alone, never in the product.

Compared with: scipy and statsmodels (classical tests, intervals, meta-analysis, false discovery rates, special
functions, multivariate normal integrals for group-sequential designs), GrowthBook's gbstats (fixed, sequential and
Bayesian results; MIT) and savvi (sequential multinomial test; MIT). Exit status 1 when a value differs by more than
its tolerance, which stands with each comparison and is the other program's own accuracy, or when a method has no
comparison here.
"""
import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import venv

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.abspath(os.path.join(HERE, "..", "..", ".."))


def environment(directory):
    """The Python of a virtual environment with the requirements, made when it is not there."""
    python = os.path.join(directory, "bin", "python")
    stamp = os.path.join(directory, "installed.txt")
    with open(os.path.join(HERE, "requirements.txt")) as f:
        wanted = f.read()
    if os.path.exists(stamp) and open(stamp).read() == wanted:
        return python
    print(f"making {directory}", file=sys.stderr)
    if (3, 9) <= sys.version_info < (3, 12):
        venv.create(directory, with_pip=True, clear=True)
    else:
        older = next(filter(None, map(shutil.which, ("python3.11", "python3.10", "python3.9"))), None)
        if older is None:
            sys.exit("compare.py: gbstats needs Python 3.9 to 3.11, and none is on the path")
        subprocess.run([older, "-m", "venv", "--clear", directory], check=True)
    requirements = os.path.join(HERE, "requirements.txt")
    subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", requirements], check=True)
    with open(stamp, "w") as f:
        f.write(wanted)
    return python


class Tally:
    """The largest difference of each compared quantity."""

    def __init__(self):
        self.worst = {}
        self.failures = []

    def near(self, quantity, tolerance, got, want, line):
        """The relative difference, or a thousand times the absolute one where that is less; null is infinite."""
        if got is None or want is None or math.isinf(want) or math.isnan(want):
            same = got is None and (want is None or math.isinf(want) or math.isnan(want))
            error = 0.0 if same else math.inf
        else:
            error = abs(got - want) / max(abs(want), 1e-9)
            error = min(error, abs(got - want) * 1e3)
        count, worst, _ = self.worst.get(quantity, (0, 0.0, tolerance))
        self.worst[quantity] = (count + 1, max(worst, error), tolerance)
        if not error <= tolerance:
            self.failures.append(f"{quantity}: {got!r} for {want!r} at {json.dumps(line['in'])}")


def compare(lines):
    import warnings

    warnings.filterwarnings("ignore")
    import numpy as np
    from gbstats.bayesian.tests import EffectBayesianABTest, EffectBayesianConfig, GaussianPrior
    from gbstats.frequentist.tests import (
        FrequentistConfig,
        SequentialConfig,
        SequentialTwoSidedTTest,
        TwoSidedTTest,
    )
    from gbstats.models.statistics import SampleMeanStatistic
    from savvi.multinomial import Multinomial
    from scipy import integrate, optimize, special, stats
    from statsmodels.stats import meta_analysis, multitest, proportion

    t = Tally()

    def sides(line, kind):
        """A two-by-two table with the treatment first, for alternatives about the treatment."""
        i = line["in"]
        a, b = i["xt"], i["xc"]
        columns = [[a, b], [i["nt"] - a, i["nc"] - b]]
        return np.array(columns if kind == "columns" else np.transpose(columns)).astype(int)

    def score(delta, xt, nt, xc, nc):
        """p-value of the score test that the difference is delta."""
        low, high = max(0.0, -delta), min(1.0, 1.0 - delta)
        minus = lambda p: -(
            xc * math.log(p) + (nc - xc) * math.log1p(-p) + xt * math.log(p + delta) + (nt - xt) * math.log1p(-p - delta)
        )
        inside = 1e-12 * (high - low)
        p = optimize.minimize_scalar(
            minus, bounds=(low + inside, high - inside), method="bounded", options={"xatol": 1e-13}
        ).x
        q = p + delta
        z = (xt / nt - xc / nc - delta) / math.sqrt(p * (1 - p) / nc + q * (1 - q) / nt)
        return 2 * stats.norm.sf(abs(z))

    def moments(i):
        """gbstats takes sums; its variance from them has the rounding of Σx² − (Σx)²/n."""
        def one(n, mean, variance):
            n = int(n)
            return SampleMeanStatistic(n=n, sum=n * mean, sum_squares=variance * (n - 1) + n * mean * mean)

        return one(i["nc"], i["mc"], i["vc"]), one(i["nt"], i["mt"], i["vt"])

    for line in lines:
        m, i, o = line["method"], line["in"], line["out"]
        near = lambda quantity, tolerance, key, want: t.near(f"{m} {quantity}", tolerance, o[key], want, line)
        if m == "fisher":
            table = sides(line, "rows")
            near("p (scipy)", 1e-9, "p_value", stats.fisher_exact(table, alternative=i["alternative"]).pvalue)
            if i["xt"] + i["xc"] not in (0, i["nt"] + i["nc"]):
                odds = stats.contingency.odds_ratio(table, kind="conditional")
                near("odds ratio (scipy)", 1e-6, "estimate", odds.statistic)
                ci = odds.confidence_interval(0.95, alternative=i["alternative"])
                if i["alternative"] != "less":
                    near("interval (scipy)", 1e-6, "lower", ci.low)
                if i["alternative"] != "greater":
                    near("interval (scipy)", 1e-6, "upper", ci.high)
        elif m in ("barnard", "boschloo"):
            # scipy's global search over the nuisance chance may stop below the supremum: ours may be larger, never smaller
            # by more than rounding. Where it is larger, a fine grid of our own formula's terms must confirm it.
            table = sides(line, "columns")
            test = stats.barnard_exact if m == "barnard" else stats.boschloo_exact
            want = test(table, alternative=i["alternative"], n=64).pvalue
            if o["p_value"] > want * (1 + 1e-6):
                want = max(want, supremum(np, stats, m, line))
                near("p, where scipy's search falls short (grid)", 1e-4, "p_value", want)
            else:
                near("p (scipy)", 1e-6, "p_value", want)
        elif m == "two_proportion_z":
            count, people = [i["xt"], i["xc"]], [i["nt"], i["nc"]]
            near("p (statsmodels)", 1e-9, "p_value", proportion.proportions_ztest(count, people)[1])
        elif m == "score_intervals":
            # At our ends the score test must say 0.05. statsmodels has the test for the ratio; its closed form for the
            # difference (0.15) writes the control's events where Miettinen & Nurminen (1985) have its people, so that
            # equal tables get unequal p-values: there scipy maximises the constrained likelihood instead.
            args = (i["xt"], i["nt"], i["xc"], i["nc"])
            if 0 < i["xt"] < i["nt"] and 0 < i["xc"] < i["nc"]:
                for key in ("d_lower", "d_upper"):
                    t.near("score_intervals difference: p at our ends (scipy)", 1e-4, score(o[key], *args), 0.05, line)
                for key in ("r_lower", "r_upper"):
                    test = proportion.test_proportions_2indep(
                        *args, value=o[key], method="score", compare="ratio", correction=False
                    )
                    quantity = "score_intervals ratio: p at our ends (statsmodels)"
                    t.near(quantity, 1e-8, test.pvalue, 0.05, line)
        elif m == "pearson":
            table = sides(line, "rows")
            near("p (scipy)", 1e-9, "plain", stats.chi2_contingency(table, correction=False).pvalue)
            near("p with Yates (scipy)", 1e-9, "yates", stats.chi2_contingency(table, correction=True).pvalue)
        elif m == "binomial":
            test = stats.binomtest(int(i["x"]), int(i["n"]), i["p0"], alternative=i["alternative"])
            near("p (scipy)", 1e-8, "p_value", test.pvalue)
            ci = test.proportion_ci(0.95, method="exact")
            if i["alternative"] != "less":
                near("interval (scipy)", 1e-8, "lower", ci.low)
            if i["alternative"] != "greater":
                near("interval (scipy)", 1e-8, "upper", ci.high)
            w = stats.binomtest(int(i["x"]), int(i["n"]), i["p0"]).proportion_ci(0.95, method="wilson")
            near("Wilson (scipy)", 1e-8, "wilson_lower", w.low)
            near("Wilson (scipy)", 1e-8, "wilson_upper", w.high)
        elif m == "poisson":
            x, n = int(i["st"]), int(i["st"] + i["sc"])
            share = i["et"] / (i["et"] + i["ec"])
            if n == 0:
                near("p without counts", 0.0, "p_value", 1.0)
                continue
            test = stats.binomtest(x, n, share, alternative=i["alternative"])
            near("p (scipy)", 1e-8, "p_value", test.pvalue)
            ci = test.proportion_ci(0.95, method="exact")
            ratio = lambda p: math.inf if p >= 1 else p / (1 - p) * i["ec"] / i["et"]
            # p/(1 − p) from p near 1 has no digits left in Python: compare where it has.
            if i["alternative"] != "less" and ci.low < 1 - 1e-6:
                near("ratio's interval (scipy)", 1e-8, "lower", ratio(ci.low))
            if i["alternative"] != "greater" and (ci.high < 1 - 1e-6 or x == n):
                near("ratio's interval (scipy)", 1e-8, "upper", ratio(ci.high))
        elif m == "welch":
            a, b = moments(i)
            test = TwoSidedTTest(a, b, FrequentistConfig(difference_type=i["effect"]))
            result = test.compute_result()
            near("estimate (gbstats)", 1e-8, "estimate", result.expected)
            near("interval (gbstats)", 1e-7, "lower", result.ci[0])
            near("interval (gbstats)", 1e-7, "upper", result.ci[1])
            near("p (gbstats)", 1e-7, "p_value", result.p_value)
            if i["effect"] == "absolute":
                sd = (i["vt"] ** 0.5, i["vc"] ** 0.5)
                test = stats.ttest_ind_from_stats(
                    i["mt"], sd[0], i["nt"], i["mc"], sd[1], i["nc"], equal_var=False
                )
                near("p (scipy)", 1e-9, "p_value", test.pvalue)
        elif m == "normal_sequence":
            a, b = moments(i)
            config = SequentialConfig(sequential_tuning_parameter=i["tuned_for"])
            result = SequentialTwoSidedTTest(a, b, config).compute_result()
            near("interval (gbstats)", 1e-7, "lower", result.ci[0])
            near("interval (gbstats)", 1e-7, "upper", result.ci[1])
            near("p (gbstats)", 1e-6, "p_value", result.p_value)
        elif m == "normal_effect":
            a, b = moments(i)
            proper = i["prior_mean"] is not None
            prior = GaussianPrior(i["prior_mean"], i["prior_variance"], True) if proper else GaussianPrior()
            result = EffectBayesianABTest(a, b, EffectBayesianConfig(prior_effect=prior)).compute_result()
            near("chance to win (gbstats)", 1e-7, "chance_to_win", result.chance_to_win)
            near("interval (gbstats)", 1e-7, "lower", result.ci[0])
            near("interval (gbstats)", 1e-7, "upper", result.ci[1])
            near("risk (gbstats)", 1e-6, "loss_of_control", result.risk[0])
            near("risk (gbstats)", 1e-6, "loss_of_treatment", result.risk[1])
        elif m == "power":
            def shown(more):
                z = i["effect"] / math.sqrt(i["variance"] / (1 + more))
                c = stats.norm.isf(0.025)
                return stats.norm.sf(c - z) + stats.norm.cdf(-c - z)

            want = 0.0 if shown(0) >= 0.8 else optimize.brentq(lambda x: shown(x) - 0.8, 0, 1e10, xtol=1e-10)
            near("factor (scipy)", 1e-6, "more", want)
        elif m == "standings":
            laws = [stats.beta(1 + x, 1 + n - x) for x, n in zip(i["events"], i["people"])]
            points = sorted({float(law.ppf(q)) for law in laws for q in (1e-9, 1e-4, 0.1, 0.5, 0.9, 0.9999, 1 - 1e-9)})
            edges = [0.0] + points + [1.0]

            def over(f):
                parts = zip(edges, edges[1:])
                return sum(integrate.quad(f, l, h, epsabs=1e-14, epsrel=1e-12)[0] for l, h in parts if h > l)

            for k, law in enumerate(laws):
                rest = [other for j, other in enumerate(laws) if j != k]
                want = over(lambda x: law.pdf(x) * math.prod(other.cdf(x) for other in rest))
                t.near("standings p best (scipy)", 1e-8, o["p_best"][k], want, line)
            largest = 1 - over(lambda x: math.prod(law.cdf(x) for law in laws))
            for k, law in enumerate(laws):
                t.near("standings loss (scipy)", 1e-7, o["expected_loss"][k], largest - law.mean(), line)
        elif m == "benjamini_hochberg":
            rejected, adjusted, _, _ = multitest.multipletests(i["p"], 0.1, method="fdr_bh")
            for k in range(len(i["p"])):
                t.near("benjamini_hochberg adjusted (statsmodels)", 1e-12, o["adjusted"][k], adjusted[k], line)
                t.near("benjamini_hochberg rejected (statsmodels)", 0.0, o["rejected"][k], float(rejected[k]), line)
        elif m == "meta":
            result = meta_analysis.combine_effects(np.array(i["effects"]), np.array(i["variances"]), method_re="chi2")
            near("fixed (statsmodels)", 1e-10, "fixed", result.mean_effect_fe)
            near("fixed (statsmodels)", 1e-10, "fixed_se", result.sd_eff_w_fe)
            near("Q (statsmodels)", 1e-9, "q", result.q)
            near("Q (scipy)", 1e-9, "q_p_value", stats.chi2.sf(result.q, len(i["effects"]) - 1))
            near("tau2 (statsmodels)", 1e-9, "tau_squared", max(result.tau2, 0.0))
            if result.tau2 > 0:
                near("random (statsmodels)", 1e-9, "effect", result.mean_effect_re)
                near("random (statsmodels)", 1e-9, "se", result.sd_eff_w_re)
        elif m == "crossing":
            times = np.array(i["times"])
            low, high = (-np.inf if i["lower"] is None else i["lower"]), i["upper"]
            mean = i["drift"] * np.sqrt(times)
            cov = np.sqrt(np.minimum.outer(times, times) / np.maximum.outer(times, times))
            for k in range(len(times)):
                def box(last_low, last_high):
                    lower = np.append(np.full(k, low), last_low)
                    upper = np.append(np.full(k, high), last_high)
                    if k == 0:
                        return stats.norm.cdf(last_high - mean[0]) - stats.norm.cdf(last_low - mean[0])
                    return stats.multivariate_normal.cdf(
                        upper, mean[: k + 1], cov[: k + 1, : k + 1], True, 1_000_000, 1e-9, 1e-9, lower_limit=lower
                    )

                t.near("crossing above (scipy)", 2e-4, o["above"][k], box(high, np.inf), line)
                if np.isfinite(low):
                    t.near("crossing below (scipy)", 2e-4, o["below"][k], box(-np.inf, low), line)
        elif m == "sample_ratio":
            test = Multinomial(0.05, np.array(i["shares"]), k=100)
            counts = np.array(i["counts"], dtype=int)
            test.update(counts)
            log_beta = lambda v: special.loggamma(v).sum() - special.loggamma(v.sum())
            want = log_beta(test.alpha_n) - log_beta(test.alpha_0) - special.xlogy(counts, i["shares"]).sum()
            near("ln e (scipy)", 1e-8, "ln_e", want)
            if abs(want) < 600:
                t.near("sample_ratio p (savvi)", 1e-7, math.exp(-o["ln_e"]), test.calculate_p_value(), line)
            if sum(i["counts"]) < 1000:
                for k, (low, high) in enumerate(test.calculate_conf_int()):
                    t.near("sample_ratio shares (savvi)", 2e-4, o["lower"][k], low, line)
                    t.near("sample_ratio shares (savvi)", 2e-4, o["upper"][k], high, line)
        elif m == "boundaries":
            v = i["v"]
            rho = lambda a: 100 / (-2 * math.log(a) + math.log1p(-2 * math.log(a)))
            two = math.sqrt((v + rho(0.05)) * (math.log1p(v / rho(0.05)) + 2 * math.log(20)))
            near("two-sided (formula)", 1e-10, "two", two)
            r = rho(0.1)
            one = lambda s: (
                0.5 * math.log(4 * r / (v + r)) + s * s / 2 / (v + r) + stats.norm.logcdf(s / math.sqrt(v + r)) - math.log(20)
            )
            near("one-sided (scipy)", 1e-9, "one", optimize.brentq(one, 0, 1e6, xtol=1e-12))

            def excess(p):
                rho_p = max(p * (1 - p) * v / (-2 * math.log(0.05) + math.log1p(-2 * math.log(0.05))) - p * (1 - p), 1e-3 * p * (1 - p))
                a, b = rho_p / p, rho_p / (1 - p)
                likelihood = 30 * math.log(p) + 70 * math.log1p(-p)
                return special.betaln(a + 70, b + 30) - special.betaln(a, b) - likelihood - math.log(20)

            near("Bernoulli (scipy)", 1e-7, "lower", optimize.brentq(excess, 1e-9, 0.3, xtol=1e-14))
            near("Bernoulli (scipy)", 1e-7, "upper", optimize.brentq(excess, 0.3, 1 - 1e-9, xtol=1e-14))
        elif m == "beta":
            near("cdf (scipy)", 1e-8, "cdf", special.betainc(i["a"], i["b"], i["x"]))
            near("quantile (scipy)", 1e-8, "quantile", special.betaincinv(i["a"], i["b"], 0.01))
        elif m == "gamma":
            near("P (scipy)", 1e-8, "p", special.gammainc(i["a"], i["x"]))
            near("Q (scipy)", 1e-8, "q", special.gammaincc(i["a"], i["x"]))
            near("quantile (scipy)", 1e-8, "quantile", special.gammaincinv(i["a"], 0.01))
        elif m == "student_t":
            near("cdf (scipy)", 1e-8, "cdf", special.stdtr(i["nu"], i["t"]))
            near("quantile (scipy)", 1e-8, "quantile", special.stdtrit(i["nu"], 0.01))
        else:
            t.failures.append(f"no comparison for {m}")
    return t


def supremum(np, stats, method, line):
    """The worst case over the common chance on a fine grid, from scipy's own distributions."""
    i = line["in"]
    xt, nt, xc, nc = (int(i[k]) for k in ("xt", "nt", "xc", "nc"))
    t, c = np.arange(nt + 1)[:, None], np.arange(nc + 1)[None, :]
    grid = np.sin(np.linspace(0, np.pi / 2, 8002)[1:-1]) ** 2

    def largest(extreme):
        a = stats.binom.pmf(np.arange(nt + 1)[:, None], nt, grid)
        b = stats.binom.pmf(np.arange(nc + 1)[:, None], nc, grid)
        return float((a * (extreme @ b)).sum(axis=0).max())

    if method == "barnard":
        pooled = (t + c) / (nt + nc)
        variance = pooled * (1 - pooled) * (1 / nt + 1 / nc)
        with np.errstate(divide="ignore", invalid="ignore"):
            z = np.where(variance > 0, (t / nt - c / nc) / np.sqrt(variance), 0.0)
        seen, slack = z[xt, xc], 1e-10
        extreme = {
            "two-sided": np.abs(z) >= abs(seen) - slack,
            "greater": z >= seen - slack,
            "less": z <= seen + slack,
        }[i["alternative"]]
        return largest(extreme.astype(float))
    upper = stats.hypergeom.sf(t - 1, nt + nc, t + c, nt)
    lower = stats.hypergeom.cdf(t, nt + nc, t + c, nt)
    one = lambda p: largest((p <= p[xt, xc] * (1 + 1e-9)).astype(float))
    if i["alternative"] == "two-sided":
        return min(1.0, 2 * min(one(upper), one(lower)))
    return one(upper if i["alternative"] == "greater" else lower)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", action="store_true", help="every seventh table")
    parser.add_argument("--values", help="lines that the example has printed")
    parser.add_argument("--environment", default=os.path.join(ROOT, "target", "compare-environment"))
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not options.inside:
        python = environment(options.environment)
        sys.exit(subprocess.run([python, os.path.abspath(__file__), "--inside", *sys.argv[1:]]).returncode)
    if options.values:
        with open(options.values) as f:
            text = f.read()
    else:
        command = ["cargo", "run", "--quiet", "--locked", "-p", "gevinst-stats", "--example", "compare_values", "--"]
        command += ["--sample"] if options.sample else []
        text = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    lines = [json.loads(line) for line in text.splitlines()]
    tally = compare(lines)
    print(f"{len(lines)} results of ours\n\n{'quantity (compared with)':58} {'values':>7} {'largest':>9} {'allowed':>9}")
    for quantity, (count, worst, tolerance) in sorted(tally.worst.items()):
        print(f"{quantity:58} {count:7} {worst:9.1e} {tolerance:9.1e}")
    for failure in tally.failures[:40]:
        print("DIFFERS", failure)
    if len(lines) < 100:
        print("DIFFERS too few lines to mean anything")
    sys.exit(1 if tally.failures or len(lines) < 100 else 0)


if __name__ == "__main__":
    main()
