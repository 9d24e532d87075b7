-- What a webhook is sent: the event as it is kept here, or the record of the ledger that it names, as
-- an event of OCSF, which is made when it is sent.

ALTER TABLE notify_endpoint ADD COLUMN form TEXT NOT NULL DEFAULT 'cloudevents'
  CHECK (form IN ('cloudevents', 'ocsf'));
