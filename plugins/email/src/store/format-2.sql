-- Format 2: batches that an e-mail platform sends. A mailing is one campaign of the platform: one step of one arm, to a batch of people.
-- prepared: being set up, certainly not sent. asked: may be on its way. sent: the platform has sent it. empty: nobody was left of it.
-- unknown: the platform has it no more, nobody knows. Its people's messages are intents until it is settled.
CREATE TABLE mailing (
    id INTEGER PRIMARY KEY,
    arm INTEGER NOT NULL REFERENCES arm,
    step INTEGER NOT NULL,
    title TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL CHECK (state IN ('prepared', 'asked', 'sent', 'empty', 'unknown')),
    made_us INTEGER NOT NULL,
    asked_us INTEGER,
    sent_us INTEGER,
    segment INTEGER,
    campaign TEXT,
    -- The report's summary as of which its details were read.
    summary TEXT
) STRICT;
CREATE INDEX mailing_open ON mailing (state) WHERE state IN ('prepared', 'asked');

ALTER TABLE message ADD COLUMN mailing INTEGER REFERENCES mailing;
CREATE INDEX message_mailing ON message (mailing) WHERE mailing IS NOT NULL;
