# One function with the Coldtrace extension beside it.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.25"
    }
    archive = {
      source  = "hashicorp/archive"
      version = "~> 2.7"
    }
  }
}

variable "region" {
  type    = string
  default = "eu-central-1"
}

variable "coldtrace_layer_arn" {
  type        = string
  description = "What `aws lambda publish-layer-version` printed, of the architecture below."
}

variable "architecture" {
  type        = string
  description = "Of the function and the layer alike."
  default     = "arm64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "must be arm64 or x86_64"
  }
}

variable "coldtrace_endpoint" {
  type        = string
  description = "The collector's gRPC address, as the function reaches it."
}

variable "coldtrace_api_key" {
  type        = string
  description = "A key of scope ingest. Terraform's state holds it: keep the state where secrets may be."
  sensitive   = true
}

provider "aws" {
  region = var.region
}

data "archive_file" "hello" {
  type        = "zip"
  source_file = "${path.module}/app.py"
  output_path = "${path.module}/build/hello.zip"
}

resource "aws_iam_role" "hello" {
  name_prefix = "coldtrace-hello-"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "logs" {
  role       = aws_iam_role.hello.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
}

resource "aws_lambda_function" "hello" {
  function_name    = "coldtrace-hello"
  role             = aws_iam_role.hello.arn
  filename         = data.archive_file.hello.output_path
  source_code_hash = data.archive_file.hello.output_base64sha256
  handler          = "app.handler"
  runtime          = "python3.12"
  architectures    = [var.architecture]
  memory_size      = 256
  timeout          = 10
  layers           = [var.coldtrace_layer_arn]

  environment {
    variables = {
      COLDTRACE_ENDPOINT = var.coldtrace_endpoint
      COLDTRACE_API_KEY  = var.coldtrace_api_key
    }
  }
}

output "function" {
  value = aws_lambda_function.hello.function_name
}
