-- config/prod.yml --
key: AKIAQ3EG7LSKPB2MWXNT # HIT
