# Messages of the reports: Danish. Each language has the same messages with the same variables.

# Common
skip = Gå til resultaterne
and = { $first } og { $last }
others = { $n } { $n ->
        [one] anden
       *[other] andre
    }
over = over { $figure }
under = under { $figure }
per = pr. { $what }
per-one = pr. { $metric }
cost-per = pris pr. { $metric }
goals-per = { $goals } pr. { $unit }
odds-of = odds for { $goals }
count-experiments = { $n } { $n ->
        [one] eksperiment
       *[other] eksperimenter
    }

# Metrics and units
metric-lead = { $n ->
        [one] lead
       *[other] leads
    }
metric-visit = { $n ->
        [one] besøg
       *[other] besøg
    }
metric-meeting = { $n ->
        [one] møde
       *[other] møder
    }
metric-revenue = omsætning
metric-order = { $n ->
        [one] ordre
       *[other] ordrer
    }
metric-customer = { $n ->
        [one] kunde
       *[other] kunder
    }
metric-conversion = { $n ->
        [one] konvertering
       *[other] konverteringer
    }
metric-click = { $n ->
        [one] klik
       *[other] klik
    }
metric-reply = { $n ->
        [one] svar
       *[other] svar
    }
metric-signup = { $n ->
        [one] tilmelding
       *[other] tilmeldinger
    }
metric-brand-search = { $n ->
        [one] brandsøgning
       *[other] brandsøgninger
    }
metric-brand-click = { $n ->
        [one] brandklik
       *[other] brandklik
    }
metric-direct-visit = { $n ->
        [one] direkte besøg
       *[other] direkte besøg
    }
metric-qualified = { $n ->
        [one] kvalificeret lead
       *[other] kvalificerede leads
    }
unit-krone = krone
unit-impression = visning
unit-recipient = modtager
exposure-spend = forbrug
exposure-impressions = visninger
exposure-recipients = modtagere
phase-prospecting = nye kunder
phase-upselling = mersalg
phase-loyalty = loyalitet
kind-campaign = kampagne
kind-programme = fast program

# Labels
guarantee-exact = eksakt
guarantee-robust = robust
guarantee-asymptotic = asymptotisk
guarantee-model = model
guarantee-exact-means = Fejlraten holder eksakt, uanset hvor ofte man kigger, og hvornår man stopper, fordi folk blev fordelt på armene ved lodtrækning.
guarantee-robust-means = Fejlraten holder, uanset hvor ofte man kigger, og hvornår man stopper, også når enkelte dage er bedre eller dårligere for en arm, end tilfældet alene forklarer (i gennemsnit over den dagsstøj, som metoden regner med).
guarantee-asymptotic-means = Fejlraten holder tilnærmet, og bedre jo flere data der er; med få mål er den en rettesnor og ikke et løfte.
guarantee-model-means = En models læsning af tallene: et fornuftigt bud uden en lovet fejlrate.
guarantee-unknown-means = Denne garanti kendes ikke af denne version af rapporten.
separation-randomised = lodtrukket
separation-platform-split = platformens deling
separation-geo = geografisk
separation-switchback = på skift
separation-unrandomised = ikke lodtrukket
separation-randomised-means = Hvem der fik hvilken arm, blev afgjort ved lodtrækning, så en forskel mellem armene skyldes armene.
separation-platform-split-means = Platformen afgjorde, hvem der så hvilken arm. Dens egen optimering kan have vist dem til forskellige mennesker, så en forskel fortæller, hvad der virker på denne platform, men ikke i sig selv hvorfor.
separation-geo-means = Armene kørte forskellige steder. En forskel kan delvis skyldes stederne, medmindre de blev trukket tilfældigt og er mange.
separation-switchback-means = Armene kørte på skift. En forskel kan delvis skyldes, hvad der ellers skete på de tidspunkter.
separation-unrandomised-means = Intet holdt armenes målgrupper adskilt. En forskel kan skyldes målgrupperne: den siger, hvor pengene gav mere, ikke hvad der var årsagen.
separation-unknown-means = Denne adskillelse kendes ikke af denne version af rapporten.
label-guarantee = garanti: { $name }
label-separation = adskillelse: { $name }
none-yet = ingen endnu

# Statuses and outcomes
status-planned = planlagt
status-to-the-end = til slutningen
status-running = kører
status-dropped = droppet
status-tied = lige god
status-unprofitable = for dyr
status-winner = vinder
status-guardrail = grænse brudt
status-futile = nytteløs
status-running-means = Får budget og bedømmes ved hvert kig.
status-dropped-means = Bevist ikke at være den bedste; får ikke mere budget.
status-tied-means = Lige så god som en billigere arm inden for den angivne margen; budgettet blev frigjort.
status-unprofitable-means = Bevist at koste mere pr. mål end grænsen; får ikke mere budget.
status-winner-means = Den arm, man går videre med.
status-guardrail-means = Stoppet, fordi en angivet grænse blev brudt.
status-futile-means = Stoppet, fordi den ikke kunne nå at vise noget i den resterende tid.
outcome-no-data = ingen data endnu
outcome-open = for tidligt
outcome-narrowed = indsnævret
outcome-winner = vinder
outcome-best-bet = bedste bud
outcome-tied = lige gode
outcome-unprofitable = for dyrt
outcome-mixed = én tilbage
outcome-unproven = intet bevis
outcome-single = én arm
outcome-stopped = stoppet
state-planned = ikke startet
state-running = kører
state-closed = afsluttet

# Verdicts
verdict-planned = Ikke startet endnu: intet er brugt, og intet vides.
verdict-no-period = Ingen resultater endnu: ingen periode med tal er afsluttet, så intet kan siges.
verdict-no-results = Der kom ingen resultater før slutningen, så intet kan siges.
brought = { $arm } gav { $n } { $goals }
brought-for = { $arm } gav { $n } { $goals } for { $spent }
brought-each = { $arm } gav { $n } { $goals } for { $spent }, { $cost } { $each }
one-arm-alone = med én arm er der intet at sammenligne med
and-was-stopped = den blev stoppet{ $when }
verdict-no-arm-pays = Ingen arm betaler sig: { $why }.
verdict-only-one-pays = { $arm } er den eneste arm, der ikke er for dyr: { $why }.
verdict-all-stopped = Alle arme blev stoppet: { $fates }.
verdict-wins = { $arm } vinder: den giver { $times }; { $fates }.
verdict-wins-plainly = { $arm } vinder; { $fates }.
verdict-left = { $arm } er den arm, der er tilbage: { $fates }.
equally-good = { $arms } er lige gode
between-times = { $amount ->
        [much] (mellem { $lower } og { $upper } gange i { $goals })
       *[many] (mellem { $lower } og { $upper } gange så mange { $goals })
    }
goes-on-alone = { $arm } fortsætter alene
money-stays-with = pengene bliver hos { $arm }, den billigste
times-as-many = { $amount ->
        [much] { $ratio } gange så meget som { $other } i { $goals } { $interval }
       *[many] { $ratio } gange så mange { $goals } som { $other } { $interval }
    }
interval-between = (mellem { $lower } og { $upper })
interval-at-least = (mindst { $lower })
interval-at-most = (højst { $upper })
interval-none = (uden nogen bevist grænse endnu)
best-bet-with-chance = { $arm } er det bedste bud med en chance på { $chance } for at være den bedste arm
best-bet = { $arm } er det bedste bud
it-brought = den gav { $times }
models-choice = det er en models valg, ikke et bevis
before-that = Inden da: { $fates }.
verdict-no-proof = Intet bevis: med { $n } { $goals } i alt kunne ingen arm skelnes fra de andre før slutningen
verdict-too-early = For tidligt at sige: { $n } { $goals } indtil nu, og ingen arm er bevist bedre eller dårligere
not-told-apart = { $arms } kunne ikke skelnes før slutningen
still-in = { $arms } er { $n ->
        [one] stadig
       *[other] stadig
    } med
leads = { $arm } fører med en chance på { $chance } for at være den bedste arm ifølge modellen
fate-dropped = { $arms } blev { $n ->
        [one] droppet
       *[other] droppet
    }{ $when }
fate-unprofitable = { $arms } viste sig at være { $n ->
        [one] for dyr
       *[other] for dyre
    }{ $when }
fate-tied = { $arms } blev sluppet som { $n ->
        [one] lige så god
       *[other] lige så gode
    } som en billigere arm{ $when }
fate-guardrail = { $arms } blev { $n ->
        [one] stoppet
       *[other] stoppet
    } af en grænse{ $when }
fate-futile = { $arms } blev stoppet, fordi { $n ->
        [one] den
       *[other] de
    } ikke kunne vise mere{ $when }
too-dear = { $arms } viste sig{ $when } at koste { $n ->
        [one] mere
       *[other] mere
    } end { $limit } { $each }
too-dear-unlimited = { $arms } viste sig{ $when } at koste { $n ->
        [one] mere
       *[other] mere
    } end grænsen
promise-proven = Chancen for, at en bedste arm nogensinde bliver droppet, er højst { $alpha }.
promise-about = Chancen for, at en bedste arm nogensinde bliver droppet, er højst omkring { $alpha }.
promise-none = Det hviler på en model uden en lovet fejlrate.
on-day = den { $day }
between-days = mellem den { $first } og den { $last }

# What to do next
next = Næste skridt:
and-more = (og { $n } mere)
next-check-failed = Se på data først, for en kontrol fejlede, og beslutninger er stoppet: { $why }
next-approve = Godkend eller afvis { $n ->
        [one] den foreslåede flytning
       *[other] de { $n } foreslåede flytninger
    }: { $command }.
next-launch = Start det, eller tag det ud af måneden.
next-find-out = Find ud af, hvorfor kanalen intet rapporterede, før det prøves igen.
next-wait = Intet at gøre: vent på kanalens første hele periode.
next-go-on-with-several = Gå videre med { $arms } næste måned, og prøv noget nyt ved siden af.
next-let-run = Intet at gøre: lad det køre. Det bedømmes igen med de næste tal.
next-keep-winner = Behold { $arm }, og prøv noget nyt mod den næste måned.
next-best-bet = Gå videre med { $arm }; gentag sammenligningen, hvis det ville være dyrt at tage fejl.
next-tied = Behold { $arm }; den næste idé bør adskille sig mere fra den.
next-challenger = Behold { $arm }, og giv den en udfordrer, der kan betale sig.
next-stop = Stop { $arm }.
next-change = Skift tilbud, målgruppe eller kanal, før der bruges mere på dette.
next-other-grounds = Vælg på andet grundlag, som pris eller smag; eller prøv igen med en større forskel eller flere penge.
next-single-over = Giv den en udfordrer næste måned, så der læres noget.
next-runs-on = Intet at gøre: det kører videre.
next-look-why = Se på, hvorfor armene blev stoppet, før det prøves igen.

# Experiment page
eyebrow-experiment = Eksperiment
experiments = eksperimenter
more-channels = { $n } { $n ->
        [one] kanal
       *[other] kanaler
    } mere
figures-to = tal til { $day }
what-these-promise = hvad de lover
method = Metode
method-alpha = Accepteret chance for nogensinde at droppe den bedste arm: { $alpha }.
method-noise = Fundet dagsstøj: { $noise }.
method-looks = Kig: { $n }.
plots = Diagrammer
how-sure = Hvor sikkert er det?
how-sure-text = { $amount ->
        [much] Over linjen 1× har den førstnævnte arm højere { $goals } end den anden. Båndet rummer det sande forhold; det bliver smallere, efterhånden som tallene kommer. Hver streg forneden er et kig.
       *[many] Over linjen 1× giver den førstnævnte arm flere { $goals } end den anden. Båndet rummer det sande forhold; det bliver smallere, efterhånden som tallene kommer. Hver streg forneden er et kig.
    }
strongest-drawn = De { $n } sammenligninger med stærkest bevis er tegnet; tabellen nedenfor rummer alle.
against = mod { $arm }
evidence = Bevis
evidence-text = En arm droppes, når beviset mod den når { $threshold }. Højst { $alpha } af de bedste arme ville nogensinde nå dertil ved et tilfælde. Chancen for at være bedst er en models læsning og dropper ingen.
dropped-at = En arm droppes ved { $threshold }.
plot-evidence = Bevis for, at en arm ikke er den bedste (e-værdi); ved { $threshold } droppes den
plot-evidence-title = Beviset mod hver arm over tid
plot-chance = Chance for at være den bedste arm (model)
plot-chance-title = Chancen for at være den bedste arm over tid
plot-ratio = { $arm } mod { $against }: { $goals } over tid
no-look-yet = Intet kig endnu.
plot-looks = { $n } { $n ->
        [one] dag
       *[other] dage
    } med et kig, det sidste den { $day }.
plot-times = { $ratio } gange så meget.
plot-no-ratio = Intet forhold endnu.
plot-between = Mellem { $lower } og { $upper }.
plot-at-least = Mindst { $lower }.
plot-at-most = Højst { $upper }.
plot-no-bound = Ingen grænse endnu.
plot-money = Brugte penge
plot-total = { $amount } over { $n } { $n ->
        [one] dag
       *[other] dage
    }. De samme tal står i tabellen over dage.
by-arm-and-day = { $what } pr. arm og dag
line-is-commanded = stregen på en søjle er det, der blev bestilt
goals-booked = bogført på eksponeringens dag, så de seneste dage stadig kan vokse
goals-by-day = { $goals } pr. dag
where-money-went = Hvor pengene gik hen
who-was-reached = Hvem der blev nået
commanded = bestilt
other-arms = { $n } { $n ->
        [one] anden arm
       *[other] andre arme
    }
other-arms-table = { $n } mere i tabellen
the-other-arms = de andre arme
cost-plot-text = Mærket er det målte; linjen rummer den sande pris med { $level }, ved alle kig tilsammen. En åben ende betyder, at intet er bevist til den side.
cost-plot-limit = Den lodrette linje er grænsen på { $limit }.
limit-mark = grænse { $limit }
the-arms = Armene
arms-text = Rate: { $goals } { $per }. Bevis: en arm droppes, når det når { $threshold }. Chance bedst: modellens læsning.
arms-limit = Grænse: { $limit } { $each }.
named-arms = { $name }: armene
named-pairs = { $name }: alle par
named-days = { $name }: dag for dag
named-moves = { $name }: flytninger
even-split = Hvad en lige deling ville have kostet
even-split-more = Med en lige deling af de samme { $spent } ville de tabende arme have fået { $saved } mere.
even-split-goals = Med armenes målte rater ville det have givet omkring { $n } færre { $goals }.
even-split-less = De tabende arme fik { $more } mere, end en lige deling ville have givet dem.
the-other = den anden
control = kontrol
less-more = mindre ⟷ mere
all = Alle
col-arm = Arm
col-status = Status
col-spent = Brugt
col-rate = Rate
col-chance = Chance bedst
col-evidence = Bevis for at droppe
col-first = Første
col-second = Anden
col-ratio = Forhold
col-between = Mellem
col-first-beats = Første slår anden
col-second-beats = Anden slår første
col-first-better = Chance for at første er bedre
col-day = Dag
col-commanded = Bestilt
col-when = Hvornår
col-daily-budget = Dagsbudget
col-why = Hvorfor
col-approval = Godkendelse
col-receipt = Kvittering
col-experiment = Eksperiment
col-outcome = Udfald
col-goals = Mål
col-cost-per-goal = Pris pr. mål
col-guarantee = Garanti
col-separation = Adskillelse
behind-the-verdict = Bag dommen
definition-as-launched = Definitionen, som den blev startet
quality-passed = Datakvalitet: alle { $n } kontroller bestået
quality-failed = Datakvalitet: { $failed } af { $n } kontroller fejlede, beslutninger er stoppet
quality-warned = Datakvalitet: { $warned } af { $n } kontroller advarer, beslutninger fortsætter
passed = bestået
failed = fejlet
warned = advarsel
every-pair = Alle par ({ $n })
every-pair-text = { $measure ->
        [odds-ratio] Forholdet mellem oddsene med dets konfidenssekvens; e-værdier i hver retning ({ $threshold } er bevis ved de accepterede { $alpha }); chance ifølge modellen.
        [ratio-of-means] Forholdet mellem middelværdierne med dets konfidenssekvens; e-værdier i hver retning ({ $threshold } er bevis ved de accepterede { $alpha }); chance ifølge modellen.
        [ratio-of-figures] Forholdet mellem de to summer med dets konfidenssekvens; e-værdier i hver retning ({ $threshold } er bevis ved de accepterede { $alpha }); chance ifølge modellen.
       *[rate-ratio] Forholdet mellem raterne med dets konfidenssekvens; e-værdier i hver retning ({ $threshold } er bevis ved de accepterede { $alpha }); chance ifølge modellen.
    }
day-by-day = Dag for dag ({ $n } { $n ->
        [one] dag
       *[other] dage
    })
day-by-day-text = Som rapporteret indtil nu, bogført på eksponeringens dag. En streg er et tal, der ikke blev rapporteret, ikke et nul.
moves = Flytninger ({ $n })
moves-text = Hver flytning fra hensigt til kvittering. Tider er i { $timezone }.
move-number = nr. { $n }
paused = sat på pause
as-before = som før
launch = start
approval-not-needed = ikke nødvendig
approval-awaited = afventes
approval-approved = godkendt
approval-declined = afvist
receipt-not-sent = ikke sendt
receipt-given-up = opgivet
receipt-replaced = erstattet af en senere
receipt-sent = sendt, intet svar
receipt-applied = udført
receipt-not-applied = ikke udført
receipt-refused = nægtet
receipt-unknown = ukendt
rows-cut = De første { $shown } af { $n } rækker; JSON-filen rummer alle.

# What was recorded
check-name = { $check ->
        [reported] tal til stede
        [counted] mål talt
        [possible] mulige tal
        [backed] mål med dækning
        [commands-obeyed] budgetter fulgt
        [sample-ratio] personer fordelt som bestilt
        [missing-periods] ingen dage mangler
        [delivery] levering
        [day-noise] dagsstøj
        [dominated-periods] enkelte store værdier
        [restatements] rettede tal
        [stale-feed] friske tal
       *[other] { $check }
    }
check-passed-said = { $check ->
        [reported] der er tal for alle kørende arme.
        [counted] målene for hver eksponering er rapporteret.
        [possible] tallene kan være, hvad de giver sig ud for.
        [backed] alle mål hører til en eksponering.
        [commands-obeyed] ingen arm er løbet løbsk med sit budget.
        [sample-ratio] personer blev fordelt som bestilt.
        [missing-periods] ingen tidligere dag mangler.
        [delivery] platformene leverer det, de får besked på.
        [day-noise] enkelte dage svinger ikke mere, end testene tager højde for.
        [dominated-periods] ingen værdi overskygger resten.
        [restatements] intet tal blev rettet ud over det sædvanlige.
        [stale-feed] alt er rapporteret så hurtigt som sædvanligt.
       *[other] bestået.
    }
check-failed-said = { $check ->
        [reported] en kørende arm har ingen tal.
        [counted] målene for en eksponering er ikke rapporteret, ikke engang som nul.
        [possible] der er tal, som ikke kan være, hvad de giver sig ud for.
        [backed] der er mål uden nogen eksponering.
        [commands-obeyed] en platform bruger penge, som ingen har bestilt; se på budgettet dér.
        [sample-ratio] personer blev ikke fordelt som bestilt; find ud af, hvem der blev udeladt, før noget resultat tages for pålydende.
        [missing-periods] tidligere dage mangler; en manglende række er ikke et nul.
        [delivery] en platform leverer langt mindre eller mere, end den fik besked på; se efter dér.
        [day-noise] enkelte dage svinger mere, end testene tager højde for; led efter dage, der gik galt.
        [dominated-periods] enkelte værdier overskygger resten; se på dem, eller angiv et loft.
        [restatements] tal blev rettet; vent, til de har lagt sig.
        [stale-feed] tallene er forsinkede; spørg kanalen.
       *[other] fejlede.
    }
brings-more = { $how ->
        [less] { $arm } giver { $amount } mindre { $per } end { $other } { $interval }.
       *[more] { $arm } giver { $amount } mere { $per } end { $other } { $interval }.
    }
col-difference = Forskel { $per }
cause-month-begins = måneden begynder
cause-share = dens del af dagens budget efter reglen
cause-dropped = den er bevist ikke at være den bedste
cause-tied = den er lige så god som en arm, der beholdes
cause-unprofitable = den er bevist at være for dyr
cause-guardrail = en grænse blev brudt
cause-futile = den kan ikke længere vise noget
cause-month-over = måneden er slut
receipt-settled = afklaret ved at spørge platformen
method-noisy = Betinget likelihood med en blanding over dagsstøj
method-exact = Betinget likelihood, eksakt
method-people = Betingede to gange to-tabeller, eksakt
method-means = Middelværdier med en konfidenssekvens
method-figures = Forholdet mellem to summer, deltametoden
method-learned = forhåndsviden lært af { $n } lukkede { $n ->
        [one] eksperiment
       *[other] eksperimenter
    }

# Month page
eyebrow-month = Månedens eksperimenter
eyebrow-rehearsed = Prøve af måneden
rehearsed-title = Spillet, ikke brugt.
rehearsed-text = Denne måned blev spillet mod et kunstigt marked med de sandheder, som definitionerne angiver. Ingen kanal blev kaldt, og ingen penge blev flyttet.
rehearsed-short = prøve, ingen penge brugt
no-experiment = Intet eksperiment kørte denne måned. En måned uden et lærer intet nyt.
of-budget = af { $budget }
of-wanted = af { $n } ønskede
decided = Afgjort
of-experiments = af { $n } { $n ->
        [one] eksperiment
       *[other] eksperimenter
    }
not-spent-on-losers = Ikke brugt på tabere
against-even-split = mod en lige deling
waiting-for-you = Venter på dig
proposed-moves = { $n ->
        [one] foreslået flytning
       *[other] foreslåede flytninger
    }
lede-none = Intet eksperiment er defineret for denne måned.
lede-decided = afgjort
lede-narrowed = indsnævret
lede-open = stadig åbne
lede-no-data = uden data
lede-unproven = slut uden bevis
lede-single = uden noget at sammenligne
at-a-glance = Overblik
how-to-read-bands = Sådan læses båndene: på ethvert tidspunkt i måneden ligger det sande forhold indenfor med den angivne sikkerhed, uanset hvor ofte man kigger. Et bånd, der forlader linjen 1×, er bevis for en forskel; et, der rører den, er ikke.
made-by = Lavet af { $generator } den { $when }. Dage er i { $timezone }. Rapportens JSON rummer alle tal præcist.
todo-title = Det skal der gøres nu
todo-nothing = Intet: alle eksperimenter kører af sig selv, og ingen af dem har brug for nogen i dag.
todo-more = { $n } mere har også brug for nogen.
todo-quiet = { $n } { $n ->
        [one] eksperiment
       *[other] eksperimenter
    } kører af sig selv; dér er intet at gøre.
outcomes-title = Hvordan står de?
all-link = Find et hvilket som helst af de { $n } eksperimenter
all-title = Alle { $n } eksperimenter
all-text = { $shown } er vist i fuld længde ovenfor: dem der har brug for nogen, og dem der er flest penge i. { $command } NAVN laver siden for et hvilket som helst andet.

# Terminal
spent-of = { $spent } af { $budget }
spent = { $spent } brugt
saved-on-losers = { $saved } ikke brugt på tabere
moves-wait = { $n } { $n ->
        [one] foreslået flytning venter
       *[other] foreslåede flytninger venter
    } på godkendelse
check-failed = datakontrol fejlede: { $name }: { $why }
check-warned = dataadvarsel: { $name }: { $why }
term-arm = arm
term-status = status
term-ratio = forhold
term-between = mellem
term-best = bedst
term-experiment = eksperiment
term-outcome = udfald
term-goals = mål
term-each = stykpris
term-guarantee = garanti
term-separation = adskillelse

# The month as a whole
pace = Er vi på sporet?
pace-so-far = { $n } af { $target } { $goals } pr. { $day }; et jævnt tempo ville have givet { $due }.
pace-no-data = { $target } { $goals } er ønsket; ingen tal er kommet endnu.
pace-forecast = Fortsætter det sådan, ender måneden på omkring { $mean }, med { $level } mellem { $lower } og { $upper }. Chancen for at nå målet er { $chance }.
pace-method = Prognosen regner med, at de kommende dage bliver som de hidtidige, og lige så forskellige (kvasi-Poisson; en model). Sene mål og ændrede budgetter er ikke med.
pace-due-mark = ventet nu: { $due }
pace-target-mark = mål: { $target }
key-so-far = indtil nu
key-forecast = prognose
key-best-guess = bedste bud
key-at-least = mindst dette
key-may-be = kan være op til dette
none-launched = Intet nyt eksperiment blev startet denne måned. En måned uden et lærer intet nyt.
trust-title = Hvor langt kan vi stole på det?
trust-none = Ingen arm blev droppet i de { $n } bedømte { $n ->
        [one] eksperiment
       *[other] eksperimenter
    }, så ingen bedste arm gik tabt.
trust = { $n } { $n ->
        [one] arm
       *[other] arme
    } blev droppet i { $judged } bedømte eksperimenter. I gennemsnit mistede højst { $wrong } af disse eksperimenter derved deres bedste arm. Bedømt samlet holder { $hold } af dem med højst 5 % falske imellem.
saved-sentence = { $saved } gik til bedre arme i stedet for arme, der beviseligt taber, mod en lige deling.
saved-nothing = Det vides ikke, at penge er flyttet fra tabende arme denne måned.
market-title = Markedet som helhed
market-line = { $goals }: { $n } på { $reported } af { $days } { $days ->
        [one] dag
       *[other] dage
    }.
market-change = En rapporteret dag har { $ratio } gange så mange som en af de samme dage i { $month } (mellem { $lower } og { $upper }).
market-caveat = Disse tal hører ikke til noget eksperiment: årstid, tendenser og hvad andre gør, er med i dem.
days-reported = på { $reported } af { $days } { $days ->
        [one] dag
       *[other] dage
    }
answers-title = Bliver leads besvaret i tide?
answers = { $n } { $n ->
        [one] lead
       *[other] leads
    } fik første svar efter { $hours } timer i gennemsnit.
answers-late = Det er senere end de angivne { $limit } timer: ingen vinder forstærkes, før salg kan følge med.
answers-in-time = Det er inden for de angivne { $limit } timer.
winners-title = Hvad tidligere vindere er værd
winners-text = En vinders målte gevinst er i gennemsnit for stor, for den blev valgt på den. Det, man bør tro, er trukket mod ingenting efter, hvor meget arme plejer at være forskellige i alle afsluttede eksperimenter (en models læsning).
an-even-split = en lige deling
past-winner = { $arm } i { $experiment } målte { $measured } gange { $against }; tro på { $believed } gange (mellem { $lower } og { $upper }).
past-winner-unmeasured = { $arm } i { $experiment } mod { $against }: tro på { $believed } gange (mellem { $lower } og { $upper }).
past-winner-tail = Efter at pengene slap op, kom der { $n } { $goals } mere.
phases-title = Efter fase i kunderejsen
col-phase = Fase
col-experiments = Eksperimenter
col-channel = Kanal
col-value-per = Værdi pr. { $unit }
channels-title = Hvilken kanal giver mest for pengene?
channels-text = Hvert interval rummer den sande gennemsnitspris med { $level }, ved alle kig tilsammen; hvor intervaller overlapper, er intet bevist. Kanaler når forskellige mennesker: det siger, hvor pengene gav mere, ikke hvorfor.
value-title = Hvad gav det for det, det kostede?
value-unknown = Det kostede { $cost }. Hvad målene er værd, er ikke angivet, så intet kan siges om afkastet.
value-against-cost = Målene er omkring { $value } værd, sandsynligvis mellem { $lower } og { $upper }; det hele kostede { $cost }.
value-return = For hver { $unit }, der gik ud, kom omkring { $mean } tilbage; det kan være så lidt som { $lower } eller så meget som { $upper }.
value-without-worth = Ikke medregnet, da ingen værdi er angivet: { $goals }.
worth-line = { $n } { $goals } à { $each } (plus/minus { $spread }): { $value }
worth = værd { $value }
worth-not-added = Hvad møder og senere skridt er værd, er ikke lagt til værdien nedenfor: de kommer af de samme leads.
no-costs-stated = Timer, bureau og værktøjer er ikke med: de angives under [costs] i gevinst.toml.
value-caveat = Værdierne er virksomhedens egne skøn. Alle mål, der er bogført på en betalt eksponering, tæller, også dem, der måske var kommet alligevel.
media = medier
cost-hours = timer
cost-agency = bureau
cost-tools = værktøjer
return-title = Værdi mod omkostninger
it-cost = Det kostede
it-brought-back = Det gav

# Management page
management-title = Hvad marketing gav: { $month }
management-eyebrow = Til ledelsen
decision-title = Én beslutning efterspørges
decide-approve = Godkend eller afvis { $n ->
        [one] den flytning, der venter
       *[other] de { $n } flytninger, der venter
    }: indtil da bliver pengene, hvor de er.
decide-pace = Måneden er på vej mod { $mean } af { $target } { $goals }: sænk målet, eller gør noget andet.
decide-pace-with-cost = Måneden er på vej mod { $mean } af { $target } { $goals }: sænk målet, eller læg omkring { $more } til på { $channel }, den hidtil billigste, hvis der kan købes mere dér til dagens pris.
decide-try = Beslut, hvad der skal prøves næste måned: denne måned blev intet nyt prøvet.
decide-winner = Gør { $arm }, der vandt { $experiment }, til standard fra næste måned.
decide-nothing = Ingen denne måned: lad eksperimenterne køre.
activity-title = Aktivitet og brand
brand-unknown = Ingen kanal rapporterer brandsøgninger eller direkte trafik.
business-title = Forretning
business-unknown = Ingen mål kendes endnu.
not-wasted = Penge, der ikke blev spildt
learned-title = Hvad vi lærte
learned-nothing = Intet blev bevist denne måned.

# Library and comparison
library-eyebrow = Alt, hvad der er prøvet
library-title = Bibliotek over eksperimenter
library-lede = { $n } { $n ->
        [one] eksperiment
       *[other] eksperimenter
    }, den nyeste måned først.
library-words = Ord
library-empty = Intet er prøvet endnu.
compare-title = Måneder ved siden af hinanden
compare-text = De samme tal for hver måned. Måneder adskiller sig ved mere end det, der blev prøvet, så en forskel er intet bevis.
col-month = Måned

# Served pages
served-title = gevinst: levende rapport
served-pages = Sider
served-page = Rapport
served-nothing-waits = Ingen flytning venter på godkendelse.
served-waiting = { $n } { $n ->
        [one] flytning venter
       *[other] flytninger venter
    } på godkendelse
served-approve = Godkend
served-decline = Afvis
served-approve-one = Godkend { $key }
served-decline-one = Afvis { $key }
