using System.Collections;
using System.Reflection;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using IsoCatalog.Appliance.Fleet;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Trust;
using IsoCatalog.Testing;
using IsoCatalog.Tests.Trust;
using Xunit;

namespace IsoCatalog.Tests.Catalog;

/// <summary>
/// Every member of every signed document left out, null, of another type, empty: it is admitted whole, or refused by a rule, and nobody meets a null where there is
/// never one. The documents here have every member that there is, so a new one must be decided when it is added.
/// </summary>
public sealed class MissingMemberTests
{
    private static readonly SomeFleet Fleet = new("ams", "nyc");
    private static readonly SigningKey Newcomer = SigningKey.Generate();
    private static readonly DateTimeOffset Time = new(2026, 11, 21, 6, 0, 0, TimeSpan.Zero);
    private static readonly Sha256Digest SomeHash = SomeImages.Value(1).Root;

    /// <summary>By document: a sample, the type that it is read into, and how it is offered; null when it is taken, else the rule.</summary>
    private static readonly Dictionary<string, Subject> Subjects = new()
    {
        ["trust"] = new(Trust(), typeof(TrustDocument), OfferTrust),
        ["site"] = new(Text(Manifest().ToPayload()), typeof(SiteManifest), OfferManifest),
        ["entry of an image"] = new(Entry(Whole(SomeImages.Value(1))), typeof(ImageValue), OfferEntry, "value"),
        ["entry of a description"] = new(Entry(Described()), typeof(MetaValue), OfferEntry, "value"),
        ["entry of a recall"] = new(Entry(new BlockEntry(SomeImages.Id(1), new Stamp(5, 0, "ams"), "tests", "CVE", false)), null, OfferEntry),
        ["entry of an alias"] = new(Entry(new AliasEntry("newest", SomeImages.Id(1), new Stamp(5, 0, "ams"), "tests", "why", false) { Former = [SomeImages.Id(2)], Asked = 4 }), null, OfferEntry),
        ["holdings"] = new(Text(Held().ToPayload()), typeof(Holdings), OfferHoldings),
        ["members"] = new(
            Text(new Members { Fleet = Fleet.Chain.Fleet, Site = "ams", Epoch = 1, Seq = 1, Issued = Time, All = [new Member("console-1", SomeHash, Time.AddDays(1))], Ext = Ext() }.ToPayload()),
            typeof(Members),
            OfferMembers),
        ["join request"] = new(Request(), typeof(JoinRequest), OfferRequest),
        ["join file"] = new(
            Text(JoinFile.Of(Fleet.Chain, [new JoinPeer("ams", SomeFleet.Address.Fleet, SomeFleet.Address.Swarm)]).ToJson()), typeof(JoinFile), json => JoinFile.TryRead(json, out var file, out _, out var why) ? Whole(file) : why.Rule),
        ["fleet state"] = new(State(), typeof(FleetState), json => Read(json, FleetJson.Default.FleetState)),
        ["fleet refusal"] = new(
            Text(JsonSerializer.SerializeToUtf8Bytes(new FleetRefusal("unknown-key", "x", new TrustHead(1, SomeHash)), FleetJson.Default.FleetRefusal)),
            typeof(FleetRefusal),
            json => Read(json, FleetJson.Default.FleetRefusal)),
        ["envelope"] = new(Text(Newcomer.Sign("x", "{}"u8.ToArray()).ToJson()), null, json => Envelope.TryParse(json, 10_000, out var envelope, out _) ? Whole(envelope) : "D-01"),
    };

    /// <summary>What may be left out: it was always so, or its default is stated in docs/catalog-format.md. All else is refused when it is not there.</summary>
    private static readonly Dictionary<string, string> Optional = new()
    {
        ["trust"] = "ext ext.x params.quota params.quota.aliases params.quota.bytes params.quota.entries params.quota.names params.tombstoneFloor sites.ams sites.ams.address sites.ams.clockRepairs sites.ams.display sites.nyc sites.nyc.address sites.nyc.clockRepairs "
            + "sites.nyc.display",
        ["site"] = "ext ext.x hlc.ms hlc.n prev seen.nyc",
        ["entry of an image"] = "obs value.iso.bios value.iso.createdAt value.iso.hybrid value.iso.udf value.iso.uefi why",
        ["entry of a description"] = "obs value.eolDate value.group value.hidden value.kind value.offer value.order value.os.distro value.os.edition value.os.family "
            + "value.os.language value.os.version value.owner value.protected value.titles.en why",
        ["entry of a recall"] = "why",
        ["entry of an alias"] = "value.asked value.former why",
        ["holdings"] = "catalog.nyc ext ext.x images.*.cells.bmc images.*.cells.bmc.code images.*.cells.bmc.progress images.*.cells.bmc.verified images.*.cells.bmc.via "
            + "images.*.offered images.*.retired surfaces.*.free surfaces.*.problem surfaces.*.problemSince",
        ["members"] = "ext ext.x",
        ["join request"] = "display",
        ["fleet state"] = "sites.ams sites.ams.holdings sites.ams.members",
        ["fleet refusal"] = "trust",
        ["envelope"] = "signatures.*.keyid signatures.*.sig",
    };

    public static TheoryData<string> Documents => [.. Subjects.Keys];

    [Theory]
    [MemberData(nameof(Documents))]
    public void Whatever_is_left_out_null_or_of_another_type_is_decided_and_never_becomes_a_null(string document)
    {
        var subject = Subjects[document];
        Assert.Null(subject.Offer(System.Text.Encoding.UTF8.GetBytes(subject.Sample)));
        var failures = new List<string>();
        foreach (var change in JsonChanges.Of(subject.Sample))
        {
            try
            {
                subject.Offer(change.Json);
            }
            catch (Exception e)
            {
                failures.Add($"{change}: {e.GetType().Name} {e.Message}");
            }
        }

        Assert.Empty(failures);
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public void What_may_be_left_out_is_known(string document)
    {
        var subject = Subjects[document];
        var taken = JsonChanges.Of(subject.Sample).Where(c => c.What == JsonChange.LeftOut && subject.Offer(c.Json) is null).Select(c => c.Path).Distinct().Order(StringComparer.Ordinal);
        var said = string.Join(' ', taken);
        Assert.True(Optional.GetValueOrDefault(document, "") == said, "May be left out: " + said);
    }

    [Fact]
    public void J_07_of_a_member_that_is_missing_the_rule_says_which()
    {
        var said = new List<string>();
        foreach (var (document, member) in new[] { ("trust", "critical"), ("trust", "params"), ("site", "seen"), ("entry of a description", "value.arch"), ("entry of an image", "value.iso.warnings"), ("holdings", "disputed") })
        {
            var change = JsonChanges.Of(Subjects[document].Sample).First(c => c.Path == member && c.What == JsonChange.LeftOut);
            said.Add(Subjects[document].Offer(change.Json)!);
        }

        Assert.Equal([Rules.MissingMember], said.Distinct());
    }

    /// <summary>Released versions took it, so it is not refused; what it shows is what a description says that says nothing.</summary>
    [Fact]
    public void A_description_without_a_kind_is_one_of_another_kind()
    {
        var json = System.Text.Encoding.UTF8.GetString(JsonChanges.Of(Subjects["entry of a description"].Sample).First(c => c.Path == "value.kind" && c.What == JsonChange.LeftOut).Json);
        var chunk = System.Text.Encoding.UTF8.GetBytes($$"""{"bucket":{{SomeBucket(System.Text.Encoding.UTF8.GetBytes(json))}},"entries":[{{json}}]}""");
        Assert.True(CatalogChunk.TryRead(chunk, out var read, out var why), why?.ToString());
        Assert.Equal("other", ((MetaEntry)read.Entries[0].Entry).Value.Kind);
        Assert.Equal(json, Text(read.Entries[0].Json.ToArray()));
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public void The_sample_has_every_member_that_there_is(string document)
    {
        var subject = Subjects[document];
        var node = JsonNode.Parse(subject.Sample)!;
        Assert.Empty(subject.Type is { } type ? Missing(type, subject.Below is { } below ? node[below]! : node, document) : []);
    }

    /// <summary>Of several in a list, each member stands in one.</summary>
    private static List<string> Missing(Type type, JsonNode node, string path)
    {
        var missing = new List<string>();
        if (node is JsonArray { Count: > 0 } list && Item(type) is { } item)
        {
            missing.AddRange(list.Select(n => (IEnumerable<string>)Missing(item, n!, path + ".*")).Aggregate((a, b) => a.Intersect(b)));
        }
        else if (node is JsonObject { Count: > 0 } dictionary && type.IsGenericType && type.GetGenericArguments() is [_, var value])
        {
            missing.AddRange(dictionary.Select(n => (IEnumerable<string>)Missing(value, n.Value!, path + ".*")).Aggregate((a, b) => a.Intersect(b)));
        }
        else if (node is JsonObject members && type.Namespace!.StartsWith("IsoCatalog", StringComparison.Ordinal))
        {
            foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
            {
                if (property.SetMethod is null || property.IsDefined(typeof(JsonExtensionDataAttribute)) || property.IsDefined(typeof(JsonIgnoreAttribute)))
                {
                    continue;
                }

                var name = property.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name ?? JsonNamingPolicy.CamelCase.ConvertName(property.Name);
                if (members[name] is { } child)
                {
                    missing.AddRange(Missing(Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType, child, $"{path}.{name}"));
                }
                else
                {
                    missing.Add($"{path}.{name}");
                }
            }
        }

        return missing;

        static Type? Item(Type type) => type.IsGenericType && type.GetGenericArguments() is [var only] ? only : null;
    }

    private static string State() => Text(JsonSerializer.SerializeToUtf8Bytes(
        new FleetState(
            Fleet.Chain.Fleet,
            "ams",
            Time,
            new TrustHead(1, SomeHash),
            new Dictionary<string, SiteHeads> { ["ams"] = new([SomeHash], new StatementHead(1, 1, SomeHash), new StatementHead(1, 1, SomeHash)) }),
        FleetJson.Default.FleetState));

    /// <summary>Both ends of the fleet port take a <see cref="JsonException"/> for an answer that cannot be read.</summary>
    private static string? Read<T>(byte[] json, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return Whole(CompleteJson.Read(json, type));
        }
        catch (JsonException)
        {
            return "unreadable";
        }
    }

    private static string Text(byte[] json) => System.Text.Encoding.UTF8.GetString(json);

    private static JsonElement Ext() => JsonElement.Parse("""{"x":1}""");

    private static DocumentRef Doc(long seq) => new(1, seq, SomeHash);

    private static string Trust()
    {
        var next = Fleet.Next();
        var kid = Fleet.Signers["nyc"].Public.KeyId;
        var spare = SigningKey.Generate().Public;
        var sites = next.Sites.ToDictionary(s => s.Key, s => s.Value with
        {
            Display = "Amsterdam",
            ClockRepairs = [new ClockRepair(5, 2)],
        });
        sites["ams"] = sites["ams"] with { Past = [new PastKey { Kid = spare.KeyId, Mode = PastKey.UpTo, Epoch = 1, Seq = 1, Sha256 = SomeHash }] };
        sites["nyc"] = sites["nyc"] with { Past = [new PastKey { Kid = Newcomer.Public.KeyId, Mode = PastKey.KeepList, Docs = [SomeHash] }] };
        return Text((next with
        {
            Keys = next.Keys.Append(new(spare.KeyId, TrustKey.Of(spare, KeyUse.Sign))).Append(new(Newcomer.Public.KeyId, TrustKey.Of(Newcomer.Public, KeyUse.Sign))).ToDictionary(),
            Sites = sites,
            Ext = Ext(),
            Params = next.Params with { TombstoneFloor = 1, Quota = new SiteQuota { Since = 1, Entries = 1000, Names = 1000, Aliases = 1000, Bytes = 1000 } },
        }).ToPayload());
    }

    private static string? OfferTrust(byte[] json) =>
        Fleet.Chain.Offer(Envelope.Merged([.. Fleet.Roots.Select(k => k.Sign(TrustDocument.PayloadType, json))]).ToJson()) switch
        {
            TrustOutcome.Accepted accepted => Whole(accepted.Chain.Current),
            TrustOutcome.Refused refused => refused.Violation.Rule,
            var other => other.GetType().Name,
        };

    private static SiteManifest Manifest()
    {
        var written = (WriteOutcome.Written)Fleet.Writer("ams").Write(Fleet.Catalog("ams"), [SomeImages.Put(1, 5)], Fleet.Signers["ams"], ClockReading.Of(Time));
        return written.Document.Manifest with
        {
            Prev = SomeHash,
            Seen = new Dictionary<string, DocumentRef> { ["nyc"] = Doc(1) },
            Voids = [SomeHash],
            Ext = Ext(),
        };
    }

    private static string? OfferManifest(byte[] json)
    {
        var catalog = Fleet.Catalog("nyc").Admit(Fleet.Signers["ams"].Sign(SiteManifest.PayloadType, json).ToJson(), SomeFleet.Nothing, Time) switch
        {
            Admission.Refused refused => refused.Violation.Rule,
            Admission.Admitted admitted => Whole(admitted.Document.Manifest),
            var other => Used(other.Catalog),
        };
        return catalog;

        static string? Used(FleetCatalog catalog)
        {
            _ = catalog.Retry(Time);
            return null;
        }
    }

    private static ImageEntry Whole(ImageValue value) => new(SomeImages.Id(1), new Stamp(5, 0, "ams"), "tests", "why", false, value with
    {
        Iso = value.Iso with
        {
            PublisherId = "P", ApplicationId = "A", CreatedAt = Time, Bios = true, Uefi = true, Hybrid = true, Udf = true, Arch = ["x86_64"], Warnings = ["none"],
        },
    }) { Obs = SomeHash };

    private static MetaEntry Described() => new(SomeImages.Id(1), new Stamp(5, 0, "ams"), "tests", "why", new MetaValue
    {
        Titles = new Dictionary<string, string> { ["en"] = "Debian" },
        Kind = "installer",
        Group = "debian",
        Order = 1,
        Os = new ImageOs("linux", "debian", "12", "netinst", "en"),
        Arch = ["x86_64"],
        Tags = ["x"],
        Hidden = true,
        EolDate = new DateOnly(2030, 1, 1),
        Owner = "o",
        Protected = true,
        Offer = "asap",
    }) { Obs = SomeHash };

    /// <summary>As it stands in its chunk.</summary>
    private static string Entry(Entry entry) => Text(StatedEntry.Of(entry).Json.ToArray());

    /// <summary>Alone in the chunk of a document that is in order but for it; then everything that shows a catalog looks at it.</summary>
    private static string? OfferEntry(byte[] json)
    {
        var chunk = System.Text.Encoding.UTF8.GetBytes($$"""{"bucket":{{SomeBucket(json)}},"entries":[{{Text(json)}}]}""");
        var reference = new ChunkRef(SomeBucket(json), new Sha256Digest(SHA256.HashData(chunk)), chunk.Length, 1);
        var manifest = Manifest() with { Chunks = [reference], Prev = null, Seq = 1, Voids = [] };
        var supplied = new Dictionary<Sha256Digest, ReadOnlyMemory<byte>> { [reference.Sha256] = chunk };
        switch (Fleet.Catalog("nyc").Admit(Fleet.Resigned(manifest), supplied, Time))
        {
            case Admission.Refused refused:
                return refused.Violation.Rule;
            case Admission.Admitted admitted:
                foreach (var stated in admitted.Document.Chunks.SelectMany(c => c.Entries))
                {
                    Whole(stated.Entry);
                }

                foreach (var image in admitted.Catalog.View.Images.Values)
                {
                    Whole(image.Value);
                    Whole(image.Meta);
                }

                return null;
            case var other:
                return other.GetType().Name;
        }
    }

    private static int SomeBucket(byte[] json) =>
        JsonNode.Parse(json)!["key"] is JsonValue key && key.TryGetValue<string>(out var text) && RegisterKey.TryParse(text, out var register) ? register.Bucket : 0;

    private static Holdings Held() => new()
    {
        Fleet = Fleet.Chain.Fleet,
        Site = "ams",
        Epoch = 1,
        Seq = 2,
        BootId = RandomId.New(),
        Issued = Time,
        Trust = Fleet.Chain.Newest.Ref,
        Catalog = new Dictionary<string, DocumentRef> { ["nyc"] = Doc(1) },
        Store = new HeldStore(1 << 30, 1L << 40),
        Surfaces = [new HeldSurface("bmc", "ipmi", "ipmi", 5, "surface-missing", Time)],
        Images =
        [
            new HeldImage(
                SomeImages.Id(1), true, true, new Dictionary<string, HeldCell> { ["bmc"] = new("verifying", Time, "verifying", Time, "console-1", 500) }, true, true),
        ],
        Disputed = [new DisputeFinding(SomeImages.Id(2), 5, SomeHash, "nyc", Time)],
        Ext = Ext(),
    };

    private static string? OfferHoldings(byte[] json) =>
        Holdings.TryOpen(Fleet.Signers["ams"].Sign(Holdings.PayloadType, json).ToJson(), Fleet.Chain, out var holdings, out var why) ? Whole(holdings) : why.Rule;

    private static string? OfferMembers(byte[] json) =>
        Members.TryOpen(Fleet.Signers["ams"].Sign(Members.PayloadType, json).ToJson(), Fleet.Chain, out var members, out var why) ? Whole(members) : why.Rule;

    private static string Request()
    {
        var asked = JoinRequest.Of("msk", Newcomer.Public, SigningKey.Generate().Public, SomeFleet.Address, Time, "Moscow").SignedBy(Newcomer);
        return Text(asked.Payload);
    }

    private static string? OfferRequest(byte[] json) =>
        JoinRequest.TryRead(Newcomer.Sign(JoinRequest.PayloadType, json).ToJson(), out var request, out _, out var why) ? Whole(request) : why.Rule;

    /// <summary>Null; an exception where something is null that its type says is never null. By the compiler's own notes, not by the serializer's.</summary>
    private static string? Whole(object value)
    {
        if (value is IDictionary dictionary)
        {
            foreach (var item in dictionary.Values)
            {
                Whole(item ?? throw new InvalidOperationException("A dictionary holds a null."));
            }
        }
        else if (value is IEnumerable list and not string)
        {
            foreach (var item in list)
            {
                Whole(item ?? throw new InvalidOperationException("A list holds a null."));
            }
        }
        else if (value.GetType() is { IsClass: true, Namespace: { } space } type && space.StartsWith("IsoCatalog", StringComparison.Ordinal))
        {
            foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.GetIndexParameters().Length == 0))
            {
                var member = property.GetValue(value);
                if (member is null && !property.PropertyType.IsValueType && new NullabilityInfoContext().Create(property).ReadState == NullabilityState.NotNull)
                {
                    throw new InvalidOperationException($"{type.Name}.{property.Name} is null.");
                }

                if (member is not null && !property.PropertyType.IsValueType)
                {
                    Whole(member);
                }
            }
        }

        return null;
    }

    /// <param name="Type">What it is read into; null when there is no public type for it.</param>
    /// <param name="Below">The member that is read into it.</param>
    private sealed record Subject(string Sample, Type? Type, Func<byte[], string?> Offer, string? Below = null);
}
