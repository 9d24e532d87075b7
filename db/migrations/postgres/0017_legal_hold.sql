-- Exports for a legal hold: without a technology that protects, and so only with what is in
-- `legal_hold` (JSON: the case, the reason, the columns, who approved it and when; empty of other
-- kinds). They wait in the state `pending` for a second person.

ALTER TABLE export_run DROP CONSTRAINT export_run_kind_check;
ALTER TABLE export_run DROP CONSTRAINT export_run_state_check;
ALTER TABLE export_run ADD CONSTRAINT export_run_kind_check
  CHECK (kind IN ('kanon', 'dp', 'hold'));
ALTER TABLE export_run ADD CONSTRAINT export_run_state_check CHECK (state IN
  ('pending', 'running', 'ready', 'refused', 'failed', 'cancelled', 'expired'));
ALTER TABLE export_run ADD COLUMN legal_hold TEXT NOT NULL DEFAULT '';
ALTER TABLE export_run ADD CONSTRAINT export_run_hold_check
  CHECK ((kind = 'hold') = (legal_hold <> ''));
