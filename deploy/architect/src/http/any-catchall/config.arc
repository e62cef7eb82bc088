# The layer's ARN: put yours, of the app's region. The architecture is the function's and the layer's alike.
@aws
architecture arm64
memory 256
timeout 10
layers
  arn:aws:lambda:eu-central-1:123456789012:layer:coldtrace-arm64:1
