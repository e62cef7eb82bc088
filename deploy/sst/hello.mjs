// hello: greets. It knows nothing of tracing: all that Coldtrace shows of it comes from the extension beside it.
export const handler = async (event) => {
  const name = event.queryStringParameters?.name ?? "world";
  console.log(`greeting ${name}`);
  return {
    statusCode: 200,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ hello: name }),
  };
};
