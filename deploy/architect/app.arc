# One function, attached to Coldtrace by the config.arc beside it.
@app
coldtrace-hello

@aws
region eu-central-1
runtime nodejs22.x

@static
false

@http
any /*
