# Messages of the reports: English. Each language has the same messages with the same variables.

# Common
skip = Skip to the results
and = { $first } and { $last }
others = { $n } { $n ->
        [one] other
       *[other] others
    }
over = over { $figure }
under = under { $figure }
per = per { $what }
per-one = { $metric }
cost-per = cost per { $metric }
goals-per = { $goals } per { $unit }
odds-of = odds of { $goals }
count-experiments = { $n } { $n ->
        [one] experiment
       *[other] experiments
    }

# Metrics and units
metric-lead = { $n ->
        [one] lead
       *[other] leads
    }
metric-visit = { $n ->
        [one] visit
       *[other] visits
    }
metric-meeting = { $n ->
        [one] meeting
       *[other] meetings
    }
metric-revenue = revenue
metric-order = { $n ->
        [one] order
       *[other] orders
    }
metric-customer = { $n ->
        [one] customer
       *[other] customers
    }
metric-conversion = { $n ->
        [one] conversion
       *[other] conversions
    }
metric-click = { $n ->
        [one] click
       *[other] clicks
    }
metric-reply = { $n ->
        [one] reply
       *[other] replies
    }
metric-signup = { $n ->
        [one] signup
       *[other] signups
    }
metric-brand-search = { $n ->
        [one] brand search
       *[other] brand searches
    }
metric-brand-click = { $n ->
        [one] brand click
       *[other] brand clicks
    }
metric-direct-visit = { $n ->
        [one] direct visit
       *[other] direct visits
    }
metric-qualified = { $n ->
        [one] qualified lead
       *[other] qualified leads
    }
unit-krone = krone
unit-impression = impression
unit-recipient = recipient
exposure-spend = spend
exposure-impressions = impressions
exposure-recipients = recipients
phase-prospecting = prospecting
phase-upselling = upselling
phase-loyalty = loyalty
kind-campaign = campaign
kind-programme = programme

# Labels
guarantee-exact = exact
guarantee-robust = robust
guarantee-asymptotic = asymptotic
guarantee-model = model
guarantee-exact-means = The error rate holds exactly, however often anyone looks and whenever one stops, as people were assigned to the arms at random.
guarantee-robust-means = The error rate holds however often anyone looks and whenever one stops, also when single days are better or worse for one arm than chance alone explains (averaged over the day noise that the method allows for).
guarantee-asymptotic-means = The error rate holds approximately, and better the more data there is; with few goals it is a guide and not a promise.
guarantee-model-means = A model's reading of the figures: a sensible bet, without a promised error rate.
guarantee-unknown-means = This guarantee is not known to this version of the report.
separation-randomised = randomised
separation-platform-split = platform-split
separation-geo = geo
separation-switchback = switchback
separation-unrandomised = unrandomised
separation-randomised-means = Who got which arm was drawn at random by us, so a difference between arms is caused by the arms.
separation-platform-split-means = The platform decided who saw which arm. Its own optimisation may have shown them to different people, so a difference tells what works on this platform, not in itself why.
separation-geo-means = Arms ran in different places. A difference may partly come from the places, unless they were drawn at random and are many.
separation-switchback-means = Arms took turns in time. A difference may partly come from what else happened at those times.
separation-unrandomised-means = Nothing kept the arms' audiences apart. A difference may come from the audiences: it says where money brought more, not what caused it.
separation-unknown-means = This kind of separation is not known to this version of the report.
label-guarantee = guarantee: { $name }
label-separation = separation: { $name }
none-yet = none yet

# Statuses and outcomes
status-planned = planned
status-to-the-end = to the end
status-running = running
status-dropped = dropped
status-tied = tied
status-unprofitable = too dear
status-winner = winner
status-guardrail = guardrail
status-futile = futile
status-running-means = Gets budget and is judged at every look.
status-dropped-means = Proven not to be the best; gets no more budget.
status-tied-means = Equals a cheaper arm within the stated margin; its budget was freed.
status-unprofitable-means = Proven to cost more per goal than the limit; gets no more budget.
status-winner-means = The arm to go on with.
status-guardrail-means = Stopped because a stated limit was breached.
status-futile-means = Stopped because it could no longer show anything in the time left.
outcome-no-data = no data yet
outcome-open = too early
outcome-narrowed = narrowed
outcome-winner = winner
outcome-best-bet = best bet
outcome-tied = tie
outcome-unprofitable = too dear
outcome-mixed = one left
outcome-unproven = no proof
outcome-single = one arm
outcome-stopped = stopped
state-planned = not launched
state-running = running
state-closed = closed

# Verdicts
verdict-planned = Not launched yet: nothing has been spent and nothing is known.
verdict-no-period = No results yet: no period with figures is complete, so nothing can be said.
verdict-no-results = No results came in before the end, so nothing can be said.
brought = { $arm } brought { $n } { $goals }
brought-for = { $arm } brought { $n } { $goals } for { $spent }
brought-each = { $arm } brought { $n } { $goals } for { $spent }, { $cost } { $each }
one-arm-alone = with one arm there is nothing to compare it with
and-was-stopped = it was stopped{ $when }
verdict-no-arm-pays = No arm pays: { $why }.
verdict-only-one-pays = { $arm } is the only arm that is not too dear: { $why }.
verdict-all-stopped = Every arm was stopped: { $fates }.
verdict-wins = { $arm } wins: it brings { $times }; { $fates }.
verdict-wins-plainly = { $arm } wins; { $fates }.
verdict-left = { $arm } is the arm that is left: { $fates }.
equally-good = { $arms } are equally good
between-times = { $amount ->
        [much] (between { $lower } and { $upper } times the { $goals })
       *[many] (between { $lower } and { $upper } times as many { $goals })
    }
goes-on-alone = { $arm } goes on alone
money-stays-with = the money stays with { $arm }, the cheaper
times-as-many = { $amount ->
        [much] { $ratio } times the { $goals } of { $other } { $interval }
       *[many] { $ratio } times as many { $goals } as { $other } { $interval }
    }
interval-between = (between { $lower } and { $upper })
interval-at-least = (at least { $lower })
interval-at-most = (at most { $upper })
interval-none = (with no bound proven yet)
best-bet-with-chance = { $arm } is the best bet with a chance of { $chance } to be the best arm
best-bet = { $arm } is the best bet
it-brought = it brought { $times }
models-choice = this is a model's choice, not a proof
before-that = Before that, { $fates }.
verdict-no-proof = No proof: with { $n } { $goals } in all, no arm could be told from the others before the end
verdict-too-early = Too early to tell: { $n } { $goals } so far, and no arm is proven better or worse
not-told-apart = { $arms } could not be told apart before the end
still-in = { $arms } { $n ->
        [one] is still in
       *[other] are still in
    }
leads = { $arm } leads with a chance of { $chance } to be the best arm, by the model
fate-dropped = { $arms } { $n ->
        [one] was dropped
       *[other] were dropped
    }{ $when }
fate-unprofitable = { $arms } { $n ->
        [one] was
       *[other] were
    } shown to be too dear{ $when }
fate-tied = { $arms } { $n ->
        [one] was
       *[other] were
    } let go as equal to a cheaper arm{ $when }
fate-guardrail = { $arms } { $n ->
        [one] was
       *[other] were
    } stopped by a guardrail{ $when }
fate-futile = { $arms } { $n ->
        [one] was stopped as it
       *[other] were stopped as they
    } could show no more{ $when }
too-dear = { $arms } { $n ->
        [one] was
       *[other] were
    } shown{ $when } to cost more than { $limit } { $each }
too-dear-unlimited = { $arms } { $n ->
        [one] was
       *[other] were
    } shown{ $when } to cost more than the limit
promise-proven = The chance that a best arm is ever dropped is at most { $alpha }.
promise-about = The chance that a best arm is ever dropped is about { $alpha } at most.
promise-none = This rests on a model, without a promised error rate.
on-day = on { $day }
between-days = between { $first } and { $last }

# What to do next
next = Next:
and-more = (and { $n } more)
next-check-failed = Look into the data first, since a check failed and decisions have stopped: { $why }
next-approve = Approve or decline { $n ->
        [one] the proposed move
       *[other] the { $n } proposed moves
    }: { $command }.
next-launch = Launch it, or take it out of the month.
next-find-out = Find out why the channel reported nothing before trying again.
next-wait = Nothing to do: wait for the channel's first full period.
next-go-on-with-several = Go on with { $arms } next month, and try something new beside them.
next-let-run = Nothing to do: let it run. It is judged again with the next figures.
next-keep-winner = Keep { $arm }, and try something new against it next month.
next-best-bet = Go on with { $arm }; repeat the comparison if being wrong would be costly.
next-tied = Keep { $arm }; the next idea should differ more from it.
next-challenger = Keep { $arm }, and give it a challenger that may pay.
next-stop = Stop { $arm }.
next-change = Change the offer, the audience or the channel before spending more on this.
next-other-grounds = Choose on other grounds, such as price or taste; or try again with a bolder difference or more money.
next-single-over = Give it a challenger next month, so that something is learned.
next-runs-on = Nothing to do: it runs on.
next-look-why = Look at why the arms were stopped before trying again.

# Experiment page
eyebrow-experiment = Experiment
experiments = experiments
more-channels = { $n } more { $n ->
        [one] channel
       *[other] channels
    }
figures-to = figures to { $day }
what-these-promise = what these promise
method = Method
method-alpha = Accepted chance of ever dropping the best arm: { $alpha }.
method-noise = Day noise found: { $noise }.
method-looks = Looks: { $n }.
plots = Plots
how-sure = How sure is it?
how-sure-text = { $amount ->
        [much] Above the line 1×, the first-named arm has higher { $goals } than the other. The band holds the true ratio; it narrows as figures come in. Each tick at the foot is a look.
       *[many] Above the line 1×, the first-named arm brings more { $goals } than the other. The band holds the true ratio; it narrows as figures come in. Each tick at the foot is a look.
    }
strongest-drawn = The { $n } comparisons with most evidence are drawn; the table below holds all.
against = against { $arm }
evidence = Evidence
evidence-text = An arm is dropped when the evidence against it reaches { $threshold }. At most { $alpha } of best arms would ever get there by chance. The chance to be best is a model's reading and drops nobody.
dropped-at = An arm is dropped at { $threshold }.
plot-evidence = Evidence that an arm is not the best (e-value); at { $threshold } it is dropped
plot-evidence-title = Evidence against each arm over time
plot-chance = Chance to be the best arm (model)
plot-chance-title = Chance to be the best arm over time
plot-ratio = { $arm } against { $against }: { $goals } over time
no-look-yet = No look yet.
plot-looks = { $n } { $n ->
        [one] day
       *[other] days
    } with a look, the last on { $day }.
plot-times = { $ratio } times as much.
plot-no-ratio = No ratio yet.
plot-between = Between { $lower } and { $upper }.
plot-at-least = At least { $lower }.
plot-at-most = At most { $upper }.
plot-no-bound = No bound yet.
plot-money = Money spent
plot-total = { $amount } over { $n } { $n ->
        [one] day
       *[other] days
    }. The same figures are in the table of days.
by-arm-and-day = { $what } by arm and day
line-is-commanded = the line on a bar is what was commanded
goals-booked = booked to the day of the exposure, so that the last days may still grow
goals-by-day = { $goals } by day
where-money-went = Where the money went
who-was-reached = Who was reached
commanded = commanded
other-arms = { $n } other { $n ->
        [one] arm
       *[other] arms
    }
other-arms-table = { $n } more in the table
the-other-arms = the other arms
cost-plot-text = The mark is what was measured; the line holds the true cost with { $level }, at all looks together. An open end means that nothing is proven on that side.
cost-plot-limit = The upright line is the limit of { $limit }.
limit-mark = limit { $limit }
the-arms = The arms
arms-text = Rate: { $goals } { $per }. Evidence: an arm is dropped when it reaches { $threshold }. Chance best: the model's reading.
arms-limit = Limit: { $limit } { $each }.
named-arms = { $name }: the arms
named-pairs = { $name }: every pair
named-days = { $name }: day by day
named-moves = { $name }: moves
even-split = What an even split would have cost
even-split-more = With an even split of the same { $spent }, the arms that lost would have got { $saved } more.
even-split-goals = At the arms' measured rates that would have brought about { $n } fewer { $goals }.
even-split-less = The arms that lost got { $more } more than an even split would have given them.
the-other = the other
control = control
less-more = less ⟷ more
all = All
col-arm = Arm
col-status = Status
col-spent = Spent
col-rate = Rate
col-chance = Chance best
col-evidence = Evidence to drop
col-first = First
col-second = Second
col-ratio = Ratio
col-between = Between
col-first-beats = First beats second
col-second-beats = Second beats first
col-first-better = Chance first is better
col-day = Day
col-commanded = Commanded
col-when = When
col-daily-budget = Daily budget
col-why = Why
col-approval = Approval
col-receipt = Receipt
col-experiment = Experiment
col-outcome = Outcome
col-goals = Goals
col-cost-per-goal = Cost per goal
col-guarantee = Guarantee
col-separation = Separation
behind-the-verdict = Behind the verdict
definition-as-launched = Definition as launched
quality-passed = Data quality: all { $n } checks passed
quality-failed = Data quality: { $failed } of { $n } checks failed, decisions have stopped
quality-warned = Data quality: { $warned } of { $n } checks warn, decisions go on
passed = passed
failed = failed
warned = warning
every-pair = Every pair ({ $n })
every-pair-text = { $measure ->
        [odds-ratio] Ratio of the odds with its confidence sequence; e-values for each direction ({ $threshold } is proof at the accepted { $alpha }); chance by the model.
        [ratio-of-means] Ratio of the mean values with its confidence sequence; e-values for each direction ({ $threshold } is proof at the accepted { $alpha }); chance by the model.
        [ratio-of-figures] Ratio of the two sums with its confidence sequence; e-values for each direction ({ $threshold } is proof at the accepted { $alpha }); chance by the model.
       *[rate-ratio] Ratio of the rates with its confidence sequence; e-values for each direction ({ $threshold } is proof at the accepted { $alpha }); chance by the model.
    }
day-by-day = Day by day ({ $n } { $n ->
        [one] day
       *[other] days
    })
day-by-day-text = As reported so far, booked to the day of the exposure. A dash is a figure that was not reported, not a zero.
moves = Moves ({ $n })
moves-text = Each move from intent to receipt. Times are those of { $timezone }.
move-number = no. { $n }
paused = paused
as-before = as before
launch = launch
approval-not-needed = not needed
approval-awaited = awaited
approval-approved = approved
approval-declined = declined
receipt-not-sent = not sent
receipt-given-up = given up
receipt-replaced = replaced by a later one
receipt-sent = sent, no answer
receipt-applied = applied
receipt-not-applied = not applied
receipt-refused = refused
receipt-unknown = unknown
rows-cut = The first { $shown } of { $n } rows; the JSON holds all.

# What was recorded
check-name = { $check ->
        [reported] figures there
        [counted] goals counted
        [possible] figures possible
        [backed] goals backed
        [commands-obeyed] budgets obeyed
        [sample-ratio] people split as commanded
        [missing-periods] no day missing
        [delivery] delivery
        [day-noise] day noise
        [dominated-periods] single large values
        [restatements] restatements
        [stale-feed] fresh figures
       *[other] { $check }
    }
check-passed-said = { $check ->
        [reported] every running arm was reported.
        [counted] the goals of every exposure were reported.
        [possible] the figures can be what they claim.
        [backed] all goals belong to an exposure.
        [commands-obeyed] no arm ran away with its budget.
        [sample-ratio] people were split as commanded.
        [missing-periods] no earlier day is missing.
        [delivery] platforms deliver what they are told.
        [day-noise] single days do not scatter more than the tests allow for.
        [dominated-periods] no value outweighs the rest.
        [restatements] no figure was restated beyond what is usual.
        [stale-feed] everything is reported as soon as usual.
       *[other] passed.
    }
check-failed-said = { $check ->
        [reported] a running arm has no figures.
        [counted] the goals of an exposure were not reported, not even as zero.
        [possible] there are figures that cannot be what they claim.
        [backed] there are goals without any exposure.
        [commands-obeyed] a platform spends what nobody commanded; look at the budget there.
        [sample-ratio] people were not split as commanded; find out who was left out before trusting any result.
        [missing-periods] earlier days are missing; a missing row is not a zero.
        [delivery] a platform delivers far less or more than it was told; look there.
        [day-noise] single days scatter more than the tests allow for; look for days that went wrong.
        [dominated-periods] single values outweigh the rest; look at them, or state a cap.
        [restatements] figures were restated; wait until they settle.
        [stale-feed] figures are late; ask the channel.
       *[other] failed.
    }
brings-more = { $how ->
        [less] { $arm } brings back { $amount } less { $per } than { $other } { $interval }.
       *[more] { $arm } brings back { $amount } more { $per } than { $other } { $interval }.
    }
col-difference = Difference { $per }
cause-month-begins = the month begins
cause-share = its part of the day's budget by the rule
cause-dropped = it is proven not to be the best
cause-tied = it equals an arm that is kept
cause-unprofitable = it is proven to be too dear
cause-guardrail = a guardrail was breached
cause-futile = it can no longer show anything
cause-month-over = the month is over
receipt-settled = settled by asking the platform
method-noisy = Conditional likelihood with a mixture over day noise
method-exact = Conditional likelihood, exact
method-people = Conditional two-by-two tables, exact
method-means = Means of values with a confidence sequence
method-figures = Ratio of two sums, delta method
method-learned = prior learned from { $n } closed { $n ->
        [one] experiment
       *[other] experiments
    }

# Month page
eyebrow-month = Experiments of the month
eyebrow-rehearsed = Rehearsal of the month
rehearsed-title = Played, not spent.
rehearsed-text = This month was played against a stand-in market with the truths that the definitions state. No channel was called and no money moved.
rehearsed-short = rehearsed, no money spent
no-experiment = No experiment ran this month. A month without one teaches nothing new.
of-budget = of { $budget }
of-wanted = of { $n } wanted
decided = Decided
of-experiments = of { $n } { $n ->
        [one] experiment
       *[other] experiments
    }
not-spent-on-losers = Not spent on losers
against-even-split = against an even split
waiting-for-you = Waiting for you
proposed-moves = proposed { $n ->
        [one] move
       *[other] moves
    }
lede-none = No experiment was defined for this month.
lede-decided = decided
lede-narrowed = narrowed
lede-open = still open
lede-no-data = without data
lede-unproven = over without proof
lede-single = with nothing to compare
at-a-glance = At a glance
how-to-read-bands = How to read the bands: at every moment of the month, the true ratio lies inside with the stated certainty, however often one looks. A band that leaves the line 1× is proof of a difference; one that touches it is not.
made-by = Made by { $generator } on { $when }. Days are those of { $timezone }. The JSON of this report holds every figure exactly.
todo-title = What to do now
todo-nothing = Nothing: every experiment runs by itself, and none needs anybody today.
todo-more = { $n } more { $n ->
        [one] needs
       *[other] need
    } somebody too.
todo-quiet = { $n } { $n ->
        [one] experiment runs by itself
       *[other] experiments run by themselves
    }: nothing to do there.
outcomes-title = How do they stand?
all-link = Find any of the { $n } experiments
all-title = All { $n } experiments
all-text = { $shown } are shown in full above: those that need somebody, and those with most money in them. { $command } NAME makes the page of any other.

# Terminal
spent-of = { $spent } of { $budget }
spent = { $spent } spent
saved-on-losers = { $saved } not spent on losers
moves-wait = { $n } proposed { $n ->
        [one] move waits
       *[other] moves wait
    } for approval
check-failed = data check failed: { $name }: { $why }
check-warned = data warning: { $name }: { $why }
term-arm = arm
term-status = status
term-ratio = ratio
term-between = between
term-best = best
term-experiment = experiment
term-outcome = outcome
term-goals = goals
term-each = each
term-guarantee = guarantee
term-separation = separation

# The month as a whole
pace = Are we on pace?
pace-so-far = { $n } of { $target } { $goals } by { $day }; an even pace would have brought { $due }.
pace-no-data = { $target } { $goals } are wanted; no figures have come in yet.
pace-forecast = If it goes on like this, the month ends at about { $mean }, with { $level } between { $lower } and { $upper }. The chance to reach the goal is { $chance }.
pace-method = The forecast takes the days to come to be like the days so far, and as different from each other (quasi-Poisson; a model). Late goals and changed budgets are not in it.
pace-due-mark = due by now: { $due }
pace-target-mark = goal: { $target }
key-so-far = so far
key-forecast = forecast
key-best-guess = best guess
key-at-least = at least this
key-may-be = may be as much as this
none-launched = No new experiment was launched this month. A month without one teaches nothing new.
trust-title = How far can we trust this?
trust-none = No arm was dropped in the { $n } judged { $n ->
        [one] experiment
       *[other] experiments
    }, so no best arm was lost.
trust = { $n } { $n ->
        [one] arm was
       *[other] arms were
    } dropped in { $judged } judged experiments. On average at most { $wrong } of these experiments lost their best arm by it. Judged all together, { $hold } of the drops hold with at most 5 % false among them.
saved-sentence = { $saved } went to better arms instead of arms that were proven to lose, against an even split.
saved-nothing = No money is known to have been moved from losing arms this month.
market-title = The market as a whole
market-line = { $goals }: { $n } on { $reported } of { $days } { $days ->
        [one] day
       *[other] days
    }.
market-change = A reported day has { $ratio } times as many as one of the same days of { $month } (between { $lower } and { $upper }).
market-caveat = These figures belong to no experiment: seasons, trends and what others do are in them.
days-reported = on { $reported } of { $days } { $days ->
        [one] day
       *[other] days
    }
answers-title = Are leads answered in time?
answers = { $n } { $n ->
        [one] lead
       *[other] leads
    } had a first answer after { $hours } hours on average.
answers-late = That is later than the stated { $limit } hours: no winner is amplified until sales can follow.
answers-in-time = That is within the stated { $limit } hours.
winners-title = What earlier winners are worth
winners-text = A winner's measured gain is too large on average, since it was chosen for it. What to believe is drawn towards nothing by how far arms usually differ in all closed experiments (a model's reading).
an-even-split = an even split
past-winner = { $arm } in { $experiment } measured { $measured } times { $against }; believe { $believed } times (between { $lower } and { $upper }).
past-winner-unmeasured = { $arm } in { $experiment } against { $against }: believe { $believed } times (between { $lower } and { $upper }).
past-winner-tail = After its spend ended, { $n } more { $goals } came.
phases-title = By phase of the customer's journey
col-phase = Phase
col-experiments = Experiments
col-channel = Channel
col-value-per = Value per { $unit }
channels-title = Which channel gives most for the money?
channels-text = Each interval holds the true average cost with { $level }, at all looks together; where intervals overlap, nothing is proven. Channels reach different people: this tells where money brought more, not why.
value-title = What did it give for what it cost?
value-unknown = It cost { $cost }. What the goals are worth is not stated, so nothing can be said of the return.
value-against-cost = The goals are worth about { $value }, likely between { $lower } and { $upper }; all of it cost { $cost }.
value-return = For each { $unit } that went out, about { $mean } came back; it may be as little as { $lower } or as much as { $upper }.
value-without-worth = Not counted, as no worth is stated: { $goals }.
worth-line = { $n } { $goals } at { $each } each (give or take { $spread }): { $value }
worth = worth { $value }
worth-not-added = What meetings and later steps are worth is not added to the value below: they come of the same leads.
no-costs-stated = Hours, agency and tools are not in it: [costs] in gevinst.toml states them.
value-caveat = Worths are the company's own estimates. Every goal booked to a paid exposure counts, also one that might have come anyway.
media = media
cost-hours = hours
cost-agency = agency
cost-tools = tools
return-title = Value against costs
it-cost = It cost
it-brought-back = It brought

# Management page
management-title = What marketing gave: { $month }
management-eyebrow = For management
decision-title = One decision is asked for
decide-approve = Approve or decline { $n ->
        [one] the move that waits
       *[other] the { $n } moves that wait
    }: until then the money stays where it is.
decide-pace = The month is heading for { $mean } of { $target } { $goals }: lower the goal, or change what is done.
decide-pace-with-cost = The month is heading for { $mean } of { $target } { $goals }: lower the goal, or add about { $more } on { $channel }, the cheapest so far, if more can be bought there at today's cost.
decide-try = Decide what to try next month: this month nothing new was tried.
decide-winner = Make { $arm }, which won { $experiment }, the standard from next month.
decide-nothing = None this month: let the experiments run.
activity-title = Activity and brand
brand-unknown = No channel reports brand searches or direct traffic.
business-title = Business
business-unknown = No goals are known yet.
not-wasted = Money not wasted
learned-title = What we learned
learned-nothing = Nothing was proven this month.

# Library and comparison
library-eyebrow = Everything that was tried
library-title = Library of experiments
library-lede = { $n } { $n ->
        [one] experiment
       *[other] experiments
    }, the newest month first.
library-words = Words
library-empty = Nothing was tried yet.
compare-title = Months beside each other
compare-text = The same figures of each month. Months differ by more than what was tried, so a difference is no proof.
col-month = Month

# Served pages
served-title = gevinst: live report
served-pages = Pages
served-page = Report
served-nothing-waits = No move waits for approval.
served-waiting = { $n } { $n ->
        [one] move waits
       *[other] moves wait
    } for approval
served-approve = Approve
served-decline = Decline
served-approve-one = Approve { $key }
served-decline-one = Decline { $key }
