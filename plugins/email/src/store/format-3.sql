-- Format 3: what was known of a person when they were drawn. Kept as it was then: the list may say something else by now.
CREATE TABLE history (
    enrolment INTEGER NOT NULL REFERENCES enrolment,
    metric TEXT NOT NULL,
    x REAL NOT NULL,
    PRIMARY KEY (enrolment, metric)
) STRICT, WITHOUT ROWID;
