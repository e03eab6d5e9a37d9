//! One call: what of S3 it is, and the answer.

use std::{collections::BTreeMap, io, sync::Mutex, time::Duration};

use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, StatusCode, header},
    web::{Bytes, Data},
};
use futures_util::{StreamExt as _, stream};
use hotelhub_core::clock::Clock;
use url::form_urlencoded;

use super::{
    BucketFault, NAME,
    shelf::{Kept, Shelf, open},
};

const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Answers a call.
pub(super) async fn answer(
    req: HttpRequest,
    body: Bytes,
    shelf: Data<Mutex<Shelf>>,
) -> HttpResponse {
    let query: BTreeMap<String, String> =
        form_urlencoded::parse(req.query_string().as_bytes()).into_owned().collect();
    let below = req.path().trim_start_matches('/').strip_prefix(NAME).unwrap_or_default();
    let name = below.trim_start_matches('/').to_owned();
    let is = |method: Method| req.method() == method;
    let upload = query.get("uploadId").map(String::as_str);
    if is(Method::GET) && name.is_empty() {
        return list(&shelf, query.get("prefix").map_or("", String::as_str));
    }
    if is(Method::GET) || is(Method::HEAD) {
        return give(&shelf, &name);
    }
    if is(Method::POST) && query.contains_key("delete") {
        return delete_many(&shelf, &body);
    }
    if is(Method::DELETE) {
        let mut shelf = open(&shelf);
        match upload {
            Some(upload) => drop(shelf.uploads.remove(upload)),
            None => drop(shelf.objects.remove(&name)),
        }
        return HttpResponse::NoContent().finish();
    }
    write(&req, &shelf, (&name, body), (upload, query.get("partNumber"))).await
}

async fn write(
    req: &HttpRequest,
    shelf: &Mutex<Shelf>,
    (name, body): (&str, Bytes),
    (upload, part): (Option<&str>, Option<&String>),
) -> HttpResponse {
    let fault = open(shelf).fault;
    if fault == BucketFault::Full {
        let status = StatusCode::INSUFFICIENT_STORAGE;
        return refused(status, "XMinioStorageFull");
    }
    if req.method() == Method::POST {
        let Some(upload) = upload else {
            let id = open(shelf).begin();
            return xml("InitiateMultipartUploadResult", &format!("<UploadId>{id}</UploadId>"));
        };
        if let BucketFault::SlowCompletion(time) = fault {
            tokio::time::sleep(time).await;
        }
        return match open(shelf).complete(upload, name) {
            Some(tag) => xml("CompleteMultipartUploadResult", &format!("<ETag>{tag}</ETag>")),
            None => refused(StatusCode::NOT_FOUND, "NoSuchUpload"),
        };
    }
    if let (Some(upload), Some(part)) = (upload, part) {
        while open(shelf).fault == BucketFault::HoldParts {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        let number = part.parse().unwrap_or_default();
        return match open(shelf).uploads.get_mut(upload) {
            Some(parts) => {
                parts.insert(number, body);
                tagged(number.into())
            }
            None => refused(StatusCode::NOT_FOUND, "NoSuchUpload"),
        };
    }
    put(req, &mut open(shelf), name, body)
}

fn put(req: &HttpRequest, shelf: &mut Shelf, name: &str, body: Bytes) -> HttpResponse {
    let header = |name: &str| req.headers().get(name).and_then(|it| it.to_str().ok());
    let present = shelf.objects.get(name).map(|it| format!("\"{}\"", it.tag));
    let is_stale = header("If-None-Match").is_some() && present.is_some()
        || header("If-Match").is_some_and(|it| present.as_deref() != Some(it));
    if is_stale {
        return refused(StatusCode::PRECONDITION_FAILED, "PreconditionFailed");
    }
    let Some(source) = header("x-amz-copy-source") else { return tagged(shelf.put(name, body)) };
    let source = source.trim_start_matches('/').strip_prefix(NAME).unwrap_or_default();
    match shelf.objects.get(source.trim_start_matches('/')).cloned() {
        Some(kept) => {
            let tag = shelf.put(name, kept.bytes);
            xml("CopyObjectResult", &format!("<ETag>{tag}</ETag>"))
        }
        None => refused(StatusCode::NOT_FOUND, "NoSuchKey"),
    }
}

fn give(shelf: &Mutex<Shelf>, name: &str) -> HttpResponse {
    let (fault, kept) = {
        let shelf = open(shelf);
        (shelf.fault, shelf.objects.get(name).cloned())
    };
    let Some(Kept { bytes, tag }) = kept else {
        return refused(StatusCode::NOT_FOUND, "NoSuchKey");
    };
    let mut answer = HttpResponse::Ok();
    answer
        .insert_header((header::ETAG, format!("\"{tag}\"")))
        .insert_header((header::LAST_MODIFIED, now("%a, %d %b %Y %H:%M:%S GMT")));
    let length = u64::try_from(bytes.len()).unwrap_or_default();
    match fault {
        BucketFault::Trickle(pieces, pause) => {
            let size = bytes.len().div_ceil(usize::try_from(pieces).unwrap_or(1)).max(1);
            let pieces: Vec<Bytes> = bytes.chunks(size).map(Bytes::copy_from_slice).collect();
            let slowly = stream::iter(pieces).then(move |piece| async move {
                tokio::time::sleep(pause).await;
                Ok::<_, io::Error>(piece)
            });
            answer.no_chunking(length).streaming(Box::pin(slowly))
        }
        BucketFault::Stall => {
            open(shelf).stalled += 1;
            let half = bytes.slice(..bytes.len() / 2);
            let first = stream::iter([Ok::<_, io::Error>(half)]).chain(stream::pending());
            answer.no_chunking(length).streaming(Box::pin(first))
        }
        _ => answer.body(bytes),
    }
}

fn list(shelf: &Mutex<Shelf>, prefix: &str) -> HttpResponse {
    let shelf = open(shelf);
    let written = now("%Y-%m-%dT%H:%M:%SZ");
    let found = shelf.objects.iter().filter(|(name, _)| name.starts_with(prefix));
    let found: String = found
        .map(|(name, kept)| {
            let (size, tag) = (kept.bytes.len(), kept.tag);
            format!(
                "<Contents><Key>{name}</Key><LastModified>{written}</LastModified>\
                 <ETag>{tag}</ETag><Size>{size}</Size></Contents>"
            )
        })
        .collect();
    xml("ListBucketResult", &format!("<IsTruncated>false</IsTruncated>{found}"))
}

fn delete_many(shelf: &Mutex<Shelf>, body: &[u8]) -> HttpResponse {
    let text = String::from_utf8_lossy(body);
    let mut deleted = String::new();
    for key in text.split("<Key>").skip(1).filter_map(|it| it.split("</Key>").next()) {
        open(shelf).objects.remove(key);
        deleted.push_str(&format!("<Deleted><Key>{key}</Key></Deleted>"));
    }
    xml("DeleteResult", &deleted)
}

fn tagged(tag: u64) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::ETAG, format!("\"{tag}\""))).finish()
}

fn xml(root: &str, inner: &str) -> HttpResponse {
    HttpResponse::Ok().content_type("application/xml").body(format!("<{root}>{inner}</{root}>"))
}

fn refused(status: StatusCode, code: &str) -> HttpResponse {
    let body = format!("<Error><Code>{code}</Code></Error>");
    HttpResponse::build(status).content_type("application/xml").body(body)
}

fn now(form: &str) -> String {
    Clock::system().now().format(form).to_string()
}
