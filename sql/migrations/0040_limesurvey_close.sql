-- A wave that is asked in LimeSurvey closes when its last answers are in.

-- The scan that closes waves asks whether LimeSurvey has been emptied; what is asked there it does not learn.
grant select (wave_code, opening_number, is_finished) on ops.limesurvey_surveys to trainloop_planner;
