use axum::http::StatusCode;
use insta::assert_json_snapshot;

use super::served::Served;

#[tokio::test]
async fn a_wrong_parameter_is_named_with_what_is_allowed() {
    let served = Served::without_store();
    let paths = [
        "/api/v1/changes?from=2&to=1",
        "/api/v1/changes?kind=slower",
        "/api/v1/cold-starts?from=2&to=1",
        "/api/v1/cold-starts?runtime=python3.12",
        "/api/v1/compare?from=1",
        "/api/v1/compare/paths?from=1",
        "/api/v1/compare?slowest=5",
        "/api/v1/compare?slowest=0.1&min_duration=1",
        "/api/v1/compare?min_duration=2&max_duration=1",
        "/api/v1/compare?max_duration=1s",
        "/api/v1/compare?outcome=odd",
        "/api/v1/compare?since=2&until=1",
        "/api/v1/compare?longest=0.1",
        "/api/v1/functions?from=yesterday",
        "/api/v1/functions?sort=dearest",
        "/api/v1/functions?cursor=made-up",
        "/api/v1/invocations?functoin=checkout",
        "/api/v1/invocations?sort=dearest",
        "/api/v1/invocations?outcome=ok,odd",
        "/api/v1/invocations?limit=1001",
        "/api/v1/invocations?cold=maybe",
        "/api/v1/invocations?min_duration=1s",
        "/api/v1/invocations?min_duration=2&max_duration=1",
        "/api/v1/logs?severity=loud",
        "/api/v1/logs?severity=0",
        "/api/v1/logs?trace_id=12",
        "/api/v1/logs?words=a+b+c+d+e+f+g+h+i+j+k+l+m+n+o+p+q",
        "/api/v1/logs?cursor=made-up",
        "/api/v1/search",
        "/api/v1/search?q=%7B%20status%20%3D%20errr%20%7D",
        "/api/v1/search?q=%7B%7D&limit=0",
        "/api/v1/search?q=%7B%7D&cursor=made-up",
        "/api/v1/search/suggest?q=%7B&at=2",
        "/api/v1/search/suggest?q=%7B&at=-1",
        "/api/v1/tail?of=spans",
        "/api/v1/tail?of=logs&outcome=ok",
        "/api/v1/tail?text=x",
        "/api/v1/tail?cursor=made-up",
        "/api/v1/traces?sort=dearest",
        "/api/v1/traces?cursor=made-up",
        "/api/v1/traces/0af7",
        "/api/v1/traces/00000000000000000000000000000000",
        "/api/v1/traces/0af7/operations",
        "/api/v1/traces/0af7651916cd43dd8448eb211c80319c/operations?from=1",
        "/api/v1/invocations/%FF",
    ];
    let mut told = Vec::new();
    for path in paths {
        let (status, body) = served.get(path).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{path}: {body}");
        let error = &body["error"];
        assert_eq!(error["code"], "invalid", "{path}");
        told.push(format!(
            "{path}: {}: {}",
            error["parameter"], error["message"]
        ));
    }
    assert_json_snapshot!(told);
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_told_with_the_reason() {
    let (status, body) = Served::without_store().get("/api/v1/functions").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    let error = &body["error"];
    assert_eq!(error["code"], "unavailable");
    let message = error["message"].as_str().expect("a message");
    assert!(message.contains("127.0.0.1:9"), "says which: {message}");
    assert!(
        message.to_lowercase().contains("refused"),
        "says why: {message}"
    );
}

#[tokio::test]
async fn a_path_that_is_none_of_the_apis_is_not_the_ui() {
    let (status, body) = Served::without_store().get("/api/v1/spans").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(body["error"]["code"], "not_found");
}
