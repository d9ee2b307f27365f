# Messages of the reports: Norwegian Bokmål. Each language has the same messages with the same variables.

# Common
skip = Hopp til resultatene
and = { $first } og { $last }
others = { $n } { $n ->
        [one] annen
       *[other] andre
    }
over = over { $figure }
under = under { $figure }
per = per { $what }
per-one = per { $metric }
cost-per = kostnad per { $metric }
goals-per = { $goals } per { $unit }
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
        [one] besøk
       *[other] besøk
    }
metric-meeting = { $n ->
        [one] møte
       *[other] møter
    }
metric-revenue = omsetning
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
        [one] klikk
       *[other] klikk
    }
metric-reply = { $n ->
        [one] svar
       *[other] svar
    }
metric-signup = { $n ->
        [one] påmelding
       *[other] påmeldinger
    }
metric-brand-search = { $n ->
        [one] merkevaresøk
       *[other] merkevaresøk
    }
metric-brand-click = { $n ->
        [one] merkevareklikk
       *[other] merkevareklikk
    }
metric-direct-visit = { $n ->
        [one] direkte besøk
       *[other] direkte besøk
    }
metric-qualified = { $n ->
        [one] kvalifisert lead
       *[other] kvalifiserte leads
    }
unit-krone = krone
unit-impression = visning
unit-recipient = mottaker
exposure-spend = forbruk
exposure-impressions = visninger
exposure-recipients = mottakere
phase-prospecting = nye kunder
phase-upselling = mersalg
phase-loyalty = lojalitet
kind-campaign = kampanje
kind-programme = fast program

# Labels
guarantee-exact = eksakt
guarantee-robust = robust
guarantee-asymptotic = asymptotisk
guarantee-model = modell
guarantee-exact-means = Feilraten holder eksakt, uansett hvor ofte man ser og når man stopper, fordi folk ble fordelt på armene ved loddtrekning.
guarantee-robust-means = Feilraten holder uansett hvor ofte man ser og når man stopper, også når enkelte dager er bedre eller dårligere for en arm enn tilfeldigheter alene forklarer (i snitt over den dagsstøyen metoden regner med).
guarantee-asymptotic-means = Feilraten holder tilnærmet, og bedre jo mer data det er; med få mål er den en rettesnor og ikke et løfte.
guarantee-model-means = En modells lesning av tallene: et fornuftig valg uten en lovet feilrate.
guarantee-unknown-means = Denne garantien kjenner ikke denne versjonen av rapporten.
separation-randomised = loddtrukket
separation-platform-split = plattformens deling
separation-geo = geografisk
separation-switchback = på skift
separation-unrandomised = ikke loddtrukket
separation-randomised-means = Hvem som fikk hvilken arm, ble avgjort ved loddtrekning, så en forskjell mellom armene skyldes armene.
separation-platform-split-means = Plattformen avgjorde hvem som så hvilken arm. Dens egen optimering kan ha vist dem til ulike mennesker, så en forskjell forteller hva som virker på denne plattformen, men ikke i seg selv hvorfor.
separation-geo-means = Armene gikk på ulike steder. En forskjell kan delvis skyldes stedene, med mindre de ble trukket tilfeldig og er mange.
separation-switchback-means = Armene gikk på skift. En forskjell kan delvis skyldes hva annet som skjedde på de tidspunktene.
separation-unrandomised-means = Ingenting holdt armenes målgrupper adskilt. En forskjell kan skyldes målgruppene: den sier hvor pengene ga mer, ikke hva som var årsaken.
separation-unknown-means = Denne adskillelsen kjenner ikke denne versjonen av rapporten.
label-guarantee = garanti: { $name }
label-separation = adskillelse: { $name }
none-yet = ingen ennå

# Statuses and outcomes
status-planned = planlagt
status-to-the-end = til slutten
status-running = kjører
status-dropped = droppet
status-tied = likt
status-unprofitable = for dyr
status-winner = vinner
status-guardrail = grense brutt
status-futile = nytteløs
status-running-means = Får budsjett og bedømmes ved hvert blikk.
status-dropped-means = Bevist ikke å være den beste; får ikke mer budsjett.
status-tied-means = Like god som en billigere arm innenfor oppgitt margin; budsjettet ble frigjort.
status-unprofitable-means = Bevist å koste mer per mål enn grensen; får ikke mer budsjett.
status-winner-means = Armen man går videre med.
status-guardrail-means = Stoppet fordi en oppgitt grense ble brutt.
status-futile-means = Stoppet fordi den ikke kunne vise noe i tiden som var igjen.
outcome-no-data = ingen data ennå
outcome-open = for tidlig
outcome-narrowed = snevret inn
outcome-winner = vinner
outcome-best-bet = beste valg
outcome-tied = likt
outcome-unprofitable = for dyrt
outcome-mixed = én igjen
outcome-unproven = ikke bevist
outcome-single = én arm
outcome-stopped = stoppet
state-planned = ikke startet
state-running = pågår
state-closed = avsluttet

# Verdicts
verdict-planned = Ikke startet ennå: ingenting er brukt, og ingenting vites.
verdict-no-period = Ingen resultater ennå: ingen periode med tall er fullført, så ingenting kan sies.
verdict-no-results = Det kom ingen resultater før slutten, så ingenting kan sies.
brought = { $arm } ga { $n } { $goals }
brought-for = { $arm } ga { $n } { $goals } for { $spent }
brought-each = { $arm } ga { $n } { $goals } for { $spent }, { $cost } { $each }
one-arm-alone = med én arm er det ingenting å sammenligne med
and-was-stopped = den ble stoppet{ $when }
verdict-no-arm-pays = Ingen arm lønner seg: { $why }.
verdict-only-one-pays = { $arm } er den eneste armen som ikke er for dyr: { $why }.
verdict-all-stopped = Alle armene ble stoppet: { $fates }.
verdict-wins = { $arm } vinner: den gir { $times }; { $fates }.
verdict-wins-plainly = { $arm } vinner; { $fates }.
verdict-left = { $arm } er armen som er igjen: { $fates }.
equally-good = { $arms } er like gode
between-times = { $amount ->
        [much] (mellom { $lower } og { $upper } ganger i { $goals })
       *[many] (mellom { $lower } og { $upper } ganger så mange { $goals })
    }
goes-on-alone = { $arm } fortsetter alene
money-stays-with = pengene blir hos { $arm }, den billigste
times-as-many = { $amount ->
        [much] { $ratio } ganger så mye som { $other } i { $goals } { $interval }
       *[many] { $ratio } ganger så mange { $goals } som { $other } { $interval }
    }
interval-between = (mellom { $lower } og { $upper })
interval-at-least = (minst { $lower })
interval-at-most = (høyst { $upper })
interval-none = (uten noen bevist grense ennå)
best-bet-with-chance = { $arm } er det beste valget med en sjanse på { $chance } for å være den beste armen
best-bet = { $arm } er det beste valget
it-brought = den ga { $times }
models-choice = det er en modells valg, ikke et bevis
before-that = Før det: { $fates }.
verdict-no-proof = Ikke bevist: med { $n } { $goals } i alt kunne ingen arm skilles fra de andre før slutten
verdict-too-early = For tidlig å si: { $n } { $goals } så langt, og ingen arm er bevist bedre eller dårligere
not-told-apart = { $arms } kunne ikke skilles fra hverandre før slutten
still-in = { $arms } er { $n ->
        [one] fortsatt
       *[other] fortsatt
    } med
leads = { $arm } leder med en sjanse på { $chance } for å være den beste armen ifølge modellen
fate-dropped = { $arms } ble { $n ->
        [one] droppet
       *[other] droppet
    }{ $when }
fate-unprofitable = { $arms } viste seg å være { $n ->
        [one] for dyr
       *[other] for dyre
    }{ $when }
fate-tied = { $arms } ble sluppet som { $n ->
        [one] like god
       *[other] like gode
    } som en billigere arm{ $when }
fate-guardrail = { $arms } ble { $n ->
        [one] stoppet
       *[other] stoppet
    } av en grense{ $when }
fate-futile = { $arms } ble stoppet fordi { $n ->
        [one] den
       *[other] de
    } ikke kunne vise mer{ $when }
too-dear = { $arms } viste seg{ $when } å koste { $n ->
        [one] mer
       *[other] mer
    } enn { $limit } { $each }
too-dear-unlimited = { $arms } viste seg{ $when } å koste { $n ->
        [one] mer
       *[other] mer
    } enn grensen
promise-proven = Sjansen for at en beste arm noen gang blir droppet, er høyst { $alpha }.
promise-about = Sjansen for at en beste arm noen gang blir droppet, er høyst omtrent { $alpha }.
promise-none = Dette hviler på en modell uten en lovet feilrate.
on-day = { $day }
between-days = mellom { $first } og { $last }

# What to do next
next = Neste steg:
and-more = (og { $n } til)
next-check-failed = Se på dataene først, for en kontroll feilet og beslutningene er stoppet: { $why }
next-approve = Godkjenn eller avslå { $n ->
        [one] den foreslåtte flyttingen
       *[other] de { $n } foreslåtte flyttingene
    }: { $command }.
next-launch = Start det, eller ta det ut av måneden.
next-find-out = Finn ut hvorfor kanalen ikke rapporterte noe, før det prøves igjen.
next-wait = Ingenting å gjøre: vent på kanalens første hele periode.
next-go-on-with-several = Gå videre med { $arms } neste måned, og prøv noe nytt ved siden av.
next-let-run = Ingenting å gjøre: la det gå. Det bedømmes igjen med de neste tallene.
next-keep-winner = Behold { $arm }, og prøv noe nytt mot den neste måned.
next-best-bet = Gå videre med { $arm }; gjenta sammenligningen hvis det ville være dyrt å ta feil.
next-tied = Behold { $arm }; den neste ideen bør skille seg mer fra den.
next-challenger = Behold { $arm }, og gi den en utfordrer som kan lønne seg.
next-stop = Stopp { $arm }.
next-change = Bytt tilbud, målgruppe eller kanal før mer brukes på dette.
next-other-grounds = Velg på annet grunnlag, som pris eller smak; eller prøv igjen med en større forskjell eller mer penger.
next-single-over = Gi den en utfordrer neste måned, så det læres noe.
next-runs-on = Ingenting å gjøre: det går videre.
next-look-why = Se på hvorfor armene ble stoppet før det prøves igjen.

# Experiment page
eyebrow-experiment = Eksperiment
experiments = eksperimenter
more-channels = { $n } { $n ->
        [one] kanal
       *[other] kanaler
    } til
figures-to = tall til { $day }
what-these-promise = hva de lover
method = Metode
method-alpha = Akseptert sjanse for noen gang å droppe den beste armen: { $alpha }.
method-noise = Funnet dagsstøy: { $noise }.
method-looks = Blikk: { $n }.
plots = Diagrammer
how-sure = Hvor sikkert er det?
how-sure-text = { $amount ->
        [much] Over linjen 1× har den førstnevnte armen høyere { $goals } enn den andre. Båndet rommer det sanne forholdet; det blir smalere etter hvert som tallene kommer. Hver strek nederst er et blikk.
       *[many] Over linjen 1× gir den førstnevnte armen flere { $goals } enn den andre. Båndet rommer det sanne forholdet; det blir smalere etter hvert som tallene kommer. Hver strek nederst er et blikk.
    }
strongest-drawn = De { $n } sammenligningene med sterkest bevis er tegnet; tabellen nedenfor har alle.
against = mot { $arm }
evidence = Bevis
evidence-text = En arm droppes når beviset mot den når { $threshold }. Høyst { $alpha } av de beste armene ville noen gang nå dit ved en tilfeldighet. Sjansen for å være best er en modells lesning og dropper ingen.
dropped-at = En arm droppes ved { $threshold }.
plot-evidence = Bevis for at en arm ikke er den beste (e-verdi); ved { $threshold } droppes den
plot-evidence-title = Beviset mot hver arm over tid
plot-chance = Sjanse for å være den beste armen (modell)
plot-chance-title = Sjansen for å være den beste armen over tid
plot-ratio = { $arm } mot { $against }: { $goals } over tid
no-look-yet = Ikke noe blikk ennå.
plot-looks = { $n } { $n ->
        [one] dag
       *[other] dager
    } med et blikk, det siste { $day }.
plot-times = { $ratio } ganger så mye.
plot-no-ratio = Ikke noe forhold ennå.
plot-between = Mellom { $lower } og { $upper }.
plot-at-least = Minst { $lower }.
plot-at-most = Høyst { $upper }.
plot-no-bound = Ingen grense ennå.
plot-money = Brukte penger
plot-total = { $amount } over { $n } { $n ->
        [one] dag
       *[other] dager
    }. De samme tallene står i tabellen over dager.
by-arm-and-day = { $what } per arm og dag
line-is-commanded = streken på en søyle er det som ble bestilt
goals-booked = bokført på eksponeringens dag, så de siste dagene fortsatt kan vokse
goals-by-day = { $goals } per dag
where-money-went = Hvor pengene gikk
who-was-reached = Hvem som ble nådd
commanded = bestilt
other-arms = { $n } { $n ->
        [one] annen arm
       *[other] andre armer
    }
other-arms-table = { $n } til i tabellen
the-other-arms = de andre armene
cost-plot-text = Merket er det målte; linjen rommer den sanne kostnaden med { $level }, ved alle blikk til sammen. En åpen ende betyr at ingenting er bevist på den siden.
cost-plot-limit = Den loddrette linjen er grensen på { $limit }.
limit-mark = grense { $limit }
the-arms = Armene
arms-text = Rate: { $goals } { $per }. Bevis: en arm droppes når det når { $threshold }. Sjanse best: modellens lesning.
arms-limit = Grense: { $limit } { $each }.
named-arms = { $name }: armene
named-pairs = { $name }: alle par
named-days = { $name }: dag for dag
named-moves = { $name }: flyttinger
even-split = Hva en lik deling ville ha kostet
even-split-more = Med en lik deling av de samme { $spent } ville de tapende armene ha fått { $saved } mer.
even-split-goals = Med armenes målte rater ville det ha gitt omtrent { $n } færre { $goals }.
even-split-less = De tapende armene fikk { $more } mer enn en lik deling ville ha gitt dem.
the-other = den andre
control = kontroll
less-more = mindre ⟷ mer
all = Alle
col-arm = Arm
col-status = Status
col-spent = Brukt
col-rate = Rate
col-chance = Sjanse best
col-evidence = Bevis for å droppe
col-first = Første
col-second = Andre
col-ratio = Forhold
col-between = Mellom
col-first-beats = Første slår andre
col-second-beats = Andre slår første
col-first-better = Sjanse for at første er bedre
col-day = Dag
col-commanded = Bestilt
col-when = Når
col-daily-budget = Dagsbudsjett
col-why = Hvorfor
col-approval = Godkjenning
col-receipt = Kvittering
col-experiment = Eksperiment
col-outcome = Utfall
col-goals = Mål
col-cost-per-goal = Kostnad per mål
col-guarantee = Garanti
col-separation = Adskillelse
behind-the-verdict = Bak dommen
definition-as-launched = Definisjonen slik den ble startet
quality-passed = Datakvalitet: alle { $n } kontroller bestått
quality-failed = Datakvalitet: { $failed } av { $n } kontroller feilet, beslutningene er stoppet
quality-warned = Datakvalitet: { $warned } av { $n } kontroller advarer, beslutningene fortsetter
passed = bestått
failed = feilet
warned = advarsel
every-pair = Alle par ({ $n })
every-pair-text = { $measure ->
        [odds-ratio] Forholdet mellom oddsene med dets konfidenssekvens; e-verdier i hver retning ({ $threshold } er bevis ved de aksepterte { $alpha }); sjanse ifølge modellen.
        [ratio-of-means] Forholdet mellom middelverdiene med dets konfidenssekvens; e-verdier i hver retning ({ $threshold } er bevis ved de aksepterte { $alpha }); sjanse ifølge modellen.
        [ratio-of-figures] Forholdet mellom de to summene med dets konfidenssekvens; e-verdier i hver retning ({ $threshold } er bevis ved de aksepterte { $alpha }); sjanse ifølge modellen.
       *[rate-ratio] Forholdet mellom ratene med dets konfidenssekvens; e-verdier i hver retning ({ $threshold } er bevis ved de aksepterte { $alpha }); sjanse ifølge modellen.
    }
day-by-day = Dag for dag ({ $n } { $n ->
        [one] dag
       *[other] dager
    })
day-by-day-text = Som rapportert så langt, bokført på eksponeringens dag. En strek er et tall som ikke ble rapportert, ikke en null.
moves = Flyttinger ({ $n })
moves-text = Hver flytting fra hensikt til kvittering. Tider er i { $timezone }.
move-number = nr. { $n }
paused = satt på pause
as-before = som før
launch = start
approval-not-needed = ikke nødvendig
approval-awaited = avventes
approval-approved = godkjent
approval-declined = avslått
receipt-not-sent = ikke sendt
receipt-given-up = gitt opp
receipt-replaced = erstattet av en senere
receipt-sent = sendt, ikke noe svar
receipt-applied = utført
receipt-not-applied = ikke utført
receipt-refused = nektet
receipt-unknown = ukjent
rows-cut = De første { $shown } av { $n } rader; JSON-filen har alle.

# What was recorded
check-name = { $check ->
        [reported] tall til stede
        [counted] mål talt
        [possible] mulige tall
        [backed] mål med dekning
        [commands-obeyed] budsjetter fulgt
        [sample-ratio] personer fordelt som bestilt
        [missing-periods] ingen dager mangler
        [delivery] levering
        [day-noise] dagsstøy
        [dominated-periods] enkelte store verdier
        [restatements] rettede tall
        [stale-feed] ferske tall
       *[other] { $check }
    }
check-passed-said = { $check ->
        [reported] det er tall for alle armer som kjører.
        [counted] målene for hver eksponering er rapportert.
        [possible] tallene kan være det de gir seg ut for.
        [backed] alle mål hører til en eksponering.
        [commands-obeyed] ingen arm har løpt løpsk med budsjettet sitt.
        [sample-ratio] personer ble fordelt som bestilt.
        [missing-periods] ingen tidligere dag mangler.
        [delivery] plattformene leverer det de får beskjed om.
        [day-noise] enkeltdager svinger ikke mer enn testene tar høyde for.
        [dominated-periods] ingen verdi overskygger resten.
        [restatements] ingen tall ble rettet ut over det vanlige.
        [stale-feed] alt er rapportert så raskt som vanlig.
       *[other] bestått.
    }
check-failed-said = { $check ->
        [reported] en arm som kjører, har ingen tall.
        [counted] målene for en eksponering er ikke rapportert, ikke engang som null.
        [possible] det er tall som ikke kan være det de gir seg ut for.
        [backed] det er mål uten noen eksponering.
        [commands-obeyed] en plattform bruker penger som ingen har bestilt; se på budsjettet der.
        [sample-ratio] personer ble ikke fordelt som bestilt; finn ut hvem som ble utelatt før noe resultat tas for god fisk.
        [missing-periods] tidligere dager mangler; en manglende rad er ikke en null.
        [delivery] en plattform leverer langt mindre eller mer enn den fikk beskjed om; se etter der.
        [day-noise] enkeltdager svinger mer enn testene tar høyde for; let etter dager som gikk galt.
        [dominated-periods] enkelte verdier overskygger resten; se på dem, eller oppgi et tak.
        [restatements] tall ble rettet; vent til de har lagt seg.
        [stale-feed] tallene er forsinket; spør kanalen.
       *[other] feilet.
    }
brings-more = { $how ->
        [less] { $arm } gir { $amount } mindre { $per } enn { $other } { $interval }.
       *[more] { $arm } gir { $amount } mer { $per } enn { $other } { $interval }.
    }
col-difference = Forskjell { $per }
cause-month-begins = måneden begynner
cause-share = dens del av dagens budsjett etter regelen
cause-dropped = den er bevist ikke å være den beste
cause-tied = den er like god som en arm som beholdes
cause-unprofitable = den er bevist å være for dyr
cause-guardrail = en grense ble brutt
cause-futile = den kan ikke lenger vise noe
cause-month-over = måneden er over
receipt-settled = avklart ved å spørre plattformen
method-noisy = Betinget likelihood med en blanding over dagsstøy
method-exact = Betinget likelihood, eksakt
method-people = Betingede to ganger to-tabeller, eksakt
method-means = Middelverdier med en konfidenssekvens
method-figures = Forholdet mellom to summer, deltametoden
method-learned = forhåndskunnskap lært av { $n } lukkede { $n ->
        [one] eksperiment
       *[other] eksperimenter
    }

# Month page
eyebrow-month = Månedens eksperimenter
eyebrow-rehearsed = Øving på måneden
rehearsed-title = Spilt, ikke brukt.
rehearsed-text = Denne måneden ble spilt mot et kunstig marked med sannhetene som definisjonene oppgir. Ingen kanal ble kalt, og ingen penger ble flyttet.
rehearsed-short = øving, ingen penger brukt
no-experiment = Ingen eksperimenter gikk denne måneden. En måned uten lærer oss ingenting nytt.
of-budget = av { $budget }
of-wanted = av { $n } ønskede
decided = Avgjort
of-experiments = av { $n } { $n ->
        [one] eksperiment
       *[other] eksperimenter
    }
not-spent-on-losers = Ikke brukt på tapere
against-even-split = mot en lik deling
waiting-for-you = Venter på deg
proposed-moves = { $n ->
        [one] foreslått flytting
       *[other] foreslåtte flyttinger
    }
lede-none = Ingen eksperimenter er definert for denne måneden.
lede-decided = avgjort
lede-narrowed = snevret inn
lede-open = fortsatt åpne
lede-no-data = uten data
lede-unproven = slutt uten bevis
lede-single = uten noe å sammenligne
at-a-glance = Oversikt
how-to-read-bands = Slik leses båndene: til enhver tid i måneden ligger det sanne forholdet innenfor med den oppgitte sikkerheten, uansett hvor ofte man ser. Et bånd som forlater linjen 1×, er bevis for en forskjell; et som berører den, er det ikke.
made-by = Laget av { $generator } { $when }. Dager er i { $timezone }. Rapportens JSON har alle tall nøyaktig.
todo-title = Dette må gjøres nå
todo-nothing = Ingenting: alle eksperimenter går av seg selv, og ingen av dem trenger noen i dag.
todo-more = { $n } til trenger også noen.
todo-quiet = { $n } { $n ->
        [one] eksperiment
       *[other] eksperimenter
    } går av seg selv; der er det ingenting å gjøre.
outcomes-title = Hvordan står de?
all-link = Finn et hvilket som helst av de { $n } eksperimentene
all-title = Alle { $n } eksperimenter
all-text = { $shown } er vist i full lengde ovenfor: de som trenger noen, og de det er mest penger i. { $command } NAVN lager siden for et hvilket som helst annet.

# Terminal
spent-of = { $spent } av { $budget }
spent = { $spent } brukt
saved-on-losers = { $saved } ikke brukt på tapere
moves-wait = { $n } { $n ->
        [one] foreslått flytting venter
       *[other] foreslåtte flyttinger venter
    } på godkjenning
check-failed = datakontroll feilet: { $name }: { $why }
check-warned = dataadvarsel: { $name }: { $why }
term-arm = arm
term-status = status
term-ratio = forhold
term-between = mellom
term-best = best
term-experiment = eksperiment
term-outcome = utfall
term-goals = mål
term-each = stykkpris
term-guarantee = garanti
term-separation = adskillelse

# The month as a whole
pace = Er vi i rute?
pace-so-far = { $n } av { $target } { $goals } per { $day }; et jevnt tempo ville ha gitt { $due }.
pace-no-data = { $target } { $goals } er ønsket; ingen tall er kommet ennå.
pace-forecast = Fortsetter det slik, ender måneden på omtrent { $mean }, med { $level } mellom { $lower } og { $upper }. Sjansen for å nå målet er { $chance }.
pace-method = Prognosen regner med at dagene som kommer blir som de hittil, og like ulike (kvasi-Poisson; en modell). Sene mål og endrede budsjetter er ikke med.
pace-due-mark = ventet nå: { $due }
pace-target-mark = mål: { $target }
key-so-far = så langt
key-forecast = prognose
key-best-guess = beste anslag
key-at-least = minst dette
key-may-be = kan være opp til dette
none-launched = Ingen nye eksperimenter ble startet denne måneden. En måned uten lærer oss ingenting nytt.
trust-title = Hvor langt kan vi stole på dette?
trust-none = Ingen arm ble droppet i de { $n } bedømte { $n ->
        [one] eksperiment
       *[other] eksperimenter
    }, så ingen beste arm gikk tapt.
trust = { $n } { $n ->
        [one] arm
       *[other] armer
    } ble droppet i { $judged } bedømte eksperimenter. I snitt mistet høyst { $wrong } av disse eksperimentene dermed sin beste arm. Bedømt samlet holder { $hold } av dem med høyst 5 % falske imellom.
saved-sentence = { $saved } gikk til bedre armer i stedet for armer som beviselig taper, mot en lik deling.
saved-nothing = Det er ikke kjent at penger er flyttet fra tapende armer denne måneden.
market-title = Markedet som helhet
market-line = { $goals }: { $n } på { $reported } av { $days } { $days ->
        [one] dag
       *[other] dager
    }.
market-change = En rapportert dag har { $ratio } ganger så mange som en av de samme dagene i { $month } (mellom { $lower } og { $upper }).
market-caveat = Disse tallene hører ikke til noe eksperiment: årstid, trender og hva andre gjør, er med i dem.
days-reported = på { $reported } av { $days } { $days ->
        [one] dag
       *[other] dager
    }
answers-title = Blir leads besvart i tide?
answers = { $n } { $n ->
        [one] lead
       *[other] leads
    } fikk første svar etter { $hours } timer i snitt.
answers-late = Det er senere enn de oppgitte { $limit } timene: ingen vinner forsterkes før salg kan følge med.
answers-in-time = Det er innenfor de oppgitte { $limit } timene.
winners-title = Hva tidligere vinnere er verdt
winners-text = En vinners målte gevinst er i snitt for stor, for den ble valgt på den. Det man bør tro, er trukket mot ingenting etter hvor mye armer pleier å være forskjellige i alle avsluttede eksperimenter (en modells lesning).
an-even-split = en lik deling
past-winner = { $arm } i { $experiment } målte { $measured } ganger { $against }; tro på { $believed } ganger (mellom { $lower } og { $upper }).
past-winner-unmeasured = { $arm } i { $experiment } mot { $against }: tro på { $believed } ganger (mellom { $lower } og { $upper }).
past-winner-tail = Etter at pengene tok slutt, kom det { $n } { $goals } til.
phases-title = Etter fase i kundereisen
col-phase = Fase
col-experiments = Eksperimenter
col-channel = Kanal
col-value-per = Verdi per { $unit }
channels-title = Hvilken kanal gir mest for pengene?
channels-text = Hvert intervall rommer den sanne snittkostnaden med { $level }, ved alle blikk til sammen; der intervaller overlapper, er ingenting bevist. Kanaler når ulike mennesker: det sier hvor pengene ga mer, ikke hvorfor.
value-title = Hva ga det for det det kostet?
value-unknown = Det kostet { $cost }. Hva målene er verdt, er ikke oppgitt, så ingenting kan sies om avkastningen.
value-against-cost = Målene er verdt omtrent { $value }, sannsynligvis mellom { $lower } og { $upper }; alt sammen kostet { $cost }.
value-return = For hver { $unit } som gikk ut, kom omtrent { $mean } tilbake; det kan være så lite som { $lower } eller så mye som { $upper }.
value-without-worth = Ikke medregnet, da ingen verdi er oppgitt: { $goals }.
worth-line = { $n } { $goals } à { $each } (pluss/minus { $spread }): { $value }
worth = verdt { $value }
worth-not-added = Hva møter og senere steg er verdt, er ikke lagt til verdien nedenfor: de kommer av de samme leadsene.
no-costs-stated = Timer, byrå og verktøy er ikke med: de oppgis under [costs] i gevinst.toml.
value-caveat = Verdiene er selskapets egne anslag. Alle mål som er bokført på en betalt eksponering teller, også de som kanskje hadde kommet uansett.
media = medier
cost-hours = timer
cost-agency = byrå
cost-tools = verktøy
return-title = Verdi mot kostnader
it-cost = Det kostet
it-brought-back = Det ga

# Management page
management-title = Hva markedsføringen ga: { $month }
management-eyebrow = Til ledelsen
decision-title = Én beslutning etterspørres
decide-approve = Godkjenn eller avslå { $n ->
        [one] flyttingen som venter
       *[other] de { $n } flyttingene som venter
    }: inntil da blir pengene der de er.
decide-pace = Måneden er på vei mot { $mean } av { $target } { $goals }: senk målet, eller gjør noe annet.
decide-pace-with-cost = Måneden er på vei mot { $mean } av { $target } { $goals }: senk målet, eller legg til omtrent { $more } på { $channel }, den billigste så langt, hvis det kan kjøpes mer der til dagens kostnad.
decide-try = Bestem hva som skal prøves neste måned: denne måneden ble ingenting nytt prøvd.
decide-winner = Gjør { $arm }, som vant { $experiment }, til standard fra neste måned.
decide-nothing = Ingen denne måneden: la eksperimentene gå.
activity-title = Aktivitet og merkevare
brand-unknown = Ingen kanal rapporterer merkevaresøk eller direkte trafikk.
business-title = Forretning
business-unknown = Ingen mål er kjent ennå.
not-wasted = Penger som ikke ble sløst bort
learned-title = Hva vi lærte
learned-nothing = Ingenting ble bevist denne måneden.

# Library and comparison
library-eyebrow = Alt som er prøvd
library-title = Bibliotek over eksperimenter
library-lede = { $n } { $n ->
        [one] eksperiment
       *[other] eksperimenter
    }, den nyeste måneden først.
library-words = Ord
library-empty = Ingenting er prøvd ennå.
compare-title = Måneder ved siden av hverandre
compare-text = De samme tallene for hver måned. Måneder skiller seg ved mer enn det som ble prøvd, så en forskjell er ikke noe bevis.
col-month = Måned

# Served pages
served-title = gevinst: levende rapport
served-pages = Sider
served-page = Rapport
served-nothing-waits = Ingen flytting venter på godkjenning.
served-waiting = { $n } { $n ->
        [one] flytting venter
       *[other] flyttinger venter
    } på godkjenning
served-approve = Godkjenn
served-decline = Avslå
served-approve-one = Godkjenn { $key }
served-decline-one = Avslå { $key }
