-- The send ledger, format 1. People appear as keyed hashes only. Times are µs UTC.
CREATE TABLE arm (
    id INTEGER PRIMARY KEY,
    experiment TEXT NOT NULL,
    name TEXT NOT NULL,
    hold_out INTEGER NOT NULL,
    minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    paused INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    launched_us INTEGER NOT NULL,
    commanded_us INTEGER NOT NULL,
    UNIQUE (experiment, name)
) STRICT;

-- When the runner last asked for an experiment's figures, which is when it decides.
CREATE TABLE looked (
    experiment TEXT PRIMARY KEY,
    at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What an arm says, as it was when the arm was launched. Steps and links count from 1.
CREATE TABLE step (
    arm INTEGER NOT NULL REFERENCES arm,
    n INTEGER NOT NULL,
    wait_us INTEGER NOT NULL,
    only_if TEXT,
    subject TEXT NOT NULL,
    body_text TEXT NOT NULL,
    body_html TEXT,
    PRIMARY KEY (arm, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE link (
    arm INTEGER NOT NULL,
    step INTEGER NOT NULL,
    n INTEGER NOT NULL,
    target TEXT NOT NULL,
    PRIMARY KEY (arm, step, n),
    FOREIGN KEY (arm, step) REFERENCES step
) STRICT, WITHOUT ROWID;

-- A person's part in an experiment. `person` is empty once they were forgotten; `due_us` is empty when nothing is to be sent.
CREATE TABLE enrolment (
    id INTEGER PRIMARY KEY,
    arm INTEGER NOT NULL REFERENCES arm,
    experiment TEXT NOT NULL,
    person BLOB,
    cohort_us INTEGER NOT NULL,
    enrolled_us INTEGER NOT NULL,
    next_step INTEGER NOT NULL,
    due_us INTEGER,
    UNIQUE (experiment, person)
) STRICT;
CREATE INDEX enrolment_due ON enrolment (due_us) WHERE due_us IS NOT NULL;
CREATE INDEX enrolment_arm ON enrolment (arm, cohort_us);
CREATE INDEX enrolment_person ON enrolment (person);

-- deferred: certainly not sent, and to be tried again. intent: may be on its way. sent: accepted by the mail server.
-- unknown: may have been sent, nobody knows, never tried again. refused: certainly not sent, never tried again.
CREATE TABLE message (
    enrolment INTEGER NOT NULL REFERENCES enrolment,
    step INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('deferred', 'intent', 'sent', 'unknown', 'refused')),
    attempts INTEGER NOT NULL,
    at_us INTEGER NOT NULL,
    PRIMARY KEY (enrolment, step)
) STRICT, WITHOUT ROWID;
CREATE INDEX message_at ON message (at_us);
CREATE INDEX message_intent ON message (state) WHERE state = 'intent';

-- What became known of an enrolment: bounce, soft_bounce, unsubscribe, complaint, reply, goal:NAME. `key` tells occurrences apart.
CREATE TABLE event (
    enrolment INTEGER NOT NULL REFERENCES enrolment,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    at_us INTEGER NOT NULL,
    value INTEGER NOT NULL,
    PRIMARY KEY (enrolment, kind, key)
) STRICT, WITHOUT ROWID;

-- by: person, machine (a mail scanner) or head (a look without a visit). Neither address nor browser is kept.
CREATE TABLE click (
    enrolment INTEGER NOT NULL REFERENCES enrolment,
    step INTEGER NOT NULL,
    link INTEGER NOT NULL,
    at_us INTEGER NOT NULL,
    by TEXT NOT NULL CHECK (by IN ('person', 'machine', 'head'))
) STRICT;
CREATE INDEX click_message ON click (enrolment, step, at_us);

CREATE TABLE suppression (
    person BLOB PRIMARY KEY,
    reason TEXT NOT NULL,
    at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- How far the mailbox of bounces was read, and when.
CREATE TABLE mailbox (
    name TEXT PRIMARY KEY,
    validity INTEGER NOT NULL,
    uid INTEGER NOT NULL,
    looked_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
