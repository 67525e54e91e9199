"""An object store that nobody here wrote: the server of moto, which checks signatures and policies.

Two keys: the card's may put objects and nothing else; the other lists and reads, as one that is kept with a recovery kit.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import boto3
from botocore.config import Config

from conftest import eventually, free_ports, http

BUCKET = "cadangan"
PREFIX = "warung/satu"
REGION = "ap-southeast-3"


@dataclass
class Key:
    id: str
    secret: str


class Bucket:
    def __init__(self):
        self.dir = Path(tempfile.mkdtemp(prefix="ks-", dir="/tmp"))
        (self.port,) = free_ports(1)
        with open(self.dir / "moto.log", "ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "MOTO_"))},
            )
        eventually(lambda: http("GET", f"{self.url}/moto-api/", timeout=5).expect(200), timeout=60)
        self.s3 = self.client("s3")
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        self.card = self.key("card", ["s3:PutObject"])
        self.kit = self.key("kit", ["s3:ListBucket", "s3:GetObject"])
        self.s3 = self.client("s3", self.key("test", ["s3:*"]))
        # From here on every request has to be signed rightly.
        http("POST", f"{self.url}/moto-api/reset-auth", raw=b"0").expect(200)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self, service: str, key: Key | None = None):
        key = key or Key("NOTREAL", "not-a-real-secret")
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=key.id,
            aws_secret_access_key=key.secret,
            config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
        )

    def key(self, name: str, actions: list[str]) -> Key:
        iam = self.client("iam")
        iam.create_user(UserName=name)
        statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=policy)
        made = iam.create_access_key(UserName=name)["AccessKey"]
        return Key(made["AccessKeyId"], made["SecretAccessKey"])

    def names(self) -> list[str]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        return sorted(row["Key"] for page in pages for row in page.get("Contents", []))

    def read(self, key: str) -> tuple[bytes, dict[str, str]]:
        answer = self.s3.get_object(Bucket=BUCKET, Key=key)
        return answer["Body"].read(), answer["Metadata"]

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)
