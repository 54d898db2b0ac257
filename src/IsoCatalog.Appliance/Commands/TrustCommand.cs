using System.CommandLine;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Documents;
using IsoCatalog.Appliance.Fleet;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Core.Trust;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Appliance.Commands;

/// <summary><c>isocatalog trust ...</c>: which sites belong to the fleet. Every change is a new trust document that root keys sign.</summary>
internal static class TrustCommand
{
    private const UnixFileMode Readable = (UnixFileMode)0b110_100_100;

    public static Command Build(CommandDefaults defaults)
    {
        var command = new Verb(
            "trust",
            "Show and change which sites belong to the fleet.",
            "isocatalog trust show",
            "isocatalog trust add-site join-request.json --root-key /media/usb/root-key.pem --out join.json")
        {
            Show(defaults), AddSite(defaults), RemoveSite(defaults), RepairClock(defaults), TrustQuota.Build(defaults), Sign(defaults), Install(defaults), Export(defaults),
        };
        return command;
    }

    private static Verb Show(CommandDefaults defaults)
    {
        var verb = new Verb("show", "Show the trust document of the site on this machine.", "isocatalog trust show", "isocatalog trust show --json | jq .sites");
        var common = new SiteVerb(verb, defaults);
        verb.SetAction((parsed, _) => common.RunAsync(parsed, (screen, config) =>
        {
            var chain = LocalFleet.Trust(LocalFleet.Configuration(config)).Chain;
            Report(screen, chain.Newest.Envelope, chain, installed: true, file: null, SetAside(config, chain));
            foreach (var (id, site) in chain.Current.Sites.OrderBy(s => s.Key, StringComparer.Ordinal))
            {
                screen.Line($"  {id}: {site.Status}{(site.Address is { } at ? $", fleet {at.Fleet}, swarm {at.Swarm}" : "")}");
            }

            TrustQuota.Show(screen, config, chain);
            foreach (var image in SetAside(config, chain))
            {
                screen.Line($"  set aside: {image}");
            }

            if (chain.Split is not null)
            {
                screen.Warning($"root keys signed two documents of version {chain.Split.Kept.Document.Version}; no other version is taken but one that ends this");
            }

            return Task.FromResult(ExitCode.Ok);
        }));
        return verb;
    }

    private static Verb AddSite(CommandDefaults defaults)
    {
        var file = new Argument<string>("request") { HelpName = "REQUEST", Description = "The join request that 'isocatalog init --join' wrote at the new site." };
        var fingerprint = new Option<string?>("--fingerprint") { HelpName = "F", Description = "What 'init --join' showed there, as it was told to you by another way." };
        var yes = new Option<bool>("--yes", "-y") { Description = "Do not ask whether the fingerprint is right: the request came by a way that nobody else could use." };
        var output = new Option<string>("--out") { HelpName = "FILE", Description = "Where the join file goes.", DefaultValueFactory = _ => "join.json" };
        var verb = new Verb(
            "add-site",
            "Let a site into the fleet: a new trust document, and a join file for the site.",
            "isocatalog trust add-site join-request.json --root-key root-key.pem --fingerprint 3f2a...",
            "isocatalog trust add-site join-request.json --root-key first.pem --draft trust-2.json")
        {
            file, fingerprint, yes, output,
        };
        var common = new SiteVerb(verb, defaults);
        var signing = new RootKeyOptions(verb);
        verb.SetAction((parsed, cancellationToken) => common.RunAsync(parsed, async (screen, config) =>
        {
            var configuration = LocalFleet.Configuration(config);
            var trust = LocalFleet.Trust(configuration);
            var (request, found) = FleetFounding.ReadRequest(LocalFleet.Read(parsed.GetRequiredValue(file), JoinRequest.MaxBytes));
            screen.Note($"Site {request.Site} at {request.Address.Fleet}");
            screen.Note($"Fingerprint: {found}");
            Confirm(found, parsed.GetValue(fingerprint), parsed.GetValue(yes));
            var envelope = signing.With(parsed, roots => FleetFounding.Approve(trust.Chain, request, LocalFleet.Folders(configuration), roots, defaults.Time.GetUtcNow()));
            return await FinishAsync(screen, config, trust.Chain, envelope, signing.Draft(parsed), parsed.GetRequiredValue(output), defaults.Time, cancellationToken);
        }));
        return verb;
    }

    private static Verb RemoveSite(CommandDefaults defaults)
    {
        var site = new NamedArgument<string>("site", SiteNames.Sites) { HelpName = "SITE", Description = "Its id." };
        var revoke = new Option<bool>("--revoke")
        {
            Description = "Its keys were in wrong hands: only documents of it that this site has by now count. Without it the site is given up in good order.",
        };
        var yes = new Option<bool>("--yes", "-y") { Description = "Do not ask." };
        var verb = new Verb(
            "remove-site",
            "Take a site out of the fleet. It is cut off within seconds of each site's hearing of it; its entries stay in the catalog.",
            "isocatalog trust remove-site msk --root-key root-key.pem",
            "isocatalog trust remove-site msk --revoke --root-key root-key.pem --yes")
        {
            site, revoke, yes,
        };
        var common = new SiteVerb(verb, defaults);
        var signing = new RootKeyOptions(verb);
        verb.SetAction((parsed, cancellationToken) => common.RunAsync(parsed, async (screen, config) =>
        {
            var configuration = LocalFleet.Configuration(config);
            var trust = LocalFleet.Trust(configuration);
            var id = parsed.GetRequiredValue(site);
            if (trust.Chain.Current.Sites.GetValueOrDefault(id) is not { Status: SiteStatus.Active })
            {
                throw new VerbException(ExitCode.NotFound, RefusalCode.NotFound, $"The fleet has no active site '{id}'. isocatalog trust show lists them.", 404);
            }

            if (!parsed.GetValue(yes) && !Asked($"Take site {id} out of the fleet? It can come back only with new keys. [y/N] "))
            {
                screen.Cancelled("Nothing was changed.");
                return ExitCode.Cancelled;
            }

            // Of a site that never said anything there is no last document to name: nothing of it counts either way.
            var known = StoredHeads.Of(LocalFleet.Folders(configuration), trust.Chain, id);
            var draft = TrustDocument.After(trust.Chain.Newest, TrustDrafts.Whole(defaults.Time.GetUtcNow()), TrustDrafts.Lifetime);
            var next = parsed.GetValue(revoke) || known.Count == 0
                ? draft.WithSiteRevoked(id, [.. known.Select(k => k.Sha256)])
                : draft.WithSiteRetired(id, known.Max()!);
            var envelope = signing.With(parsed, roots => TrustDrafts.Sign(next, roots));
            return await FinishAsync(screen, config, trust.Chain, envelope, signing.Draft(parsed), null, defaults.Time, cancellationToken);
        }));
        return verb;
    }

    private static Verb RepairClock(CommandDefaults defaults)
    {
        var site = new NamedArgument<string>("site", SiteNames.Sites) { HelpName = "SITE", Description = "Its id, as the drift clock-implausible names it." };
        var above = new Option<DateTimeOffset?>("--above")
        {
            HelpName = "TIME",
            Description = "Set aside what is stamped later than this, such as 2026-11-29T12:00:00Z. Default: now.",
            CustomParser = result => SinceTime.Parse(result),
        };
        var yes = new Option<bool>("--yes", "-y") { Description = "Do not ask." };
        var verb = new Verb(
            "repair-clock",
            "Set aside what a site stamped in the future, by a clock that ran ahead. Whatever it said before stays, and its recalls and removals too; images that are set aside are listed, and can be added again.",
            "isocatalog trust repair-clock msk --root-key root-key.pem",
            "isocatalog trust repair-clock msk --above 2026-11-29T12:00:00Z --root-key root-key.pem --yes")
        {
            site, above, yes,
        };
        var common = new SiteVerb(verb, defaults);
        var signing = new RootKeyOptions(verb);
        verb.SetAction((parsed, cancellationToken) => common.RunAsync(parsed, async (screen, config) =>
        {
            var configuration = LocalFleet.Configuration(config);
            var (chain, id, now) = (LocalFleet.Trust(configuration).Chain, parsed.GetRequiredValue(site), defaults.Time.GetUtcNow());
            if (!chain.Current.Sites.ContainsKey(id))
            {
                throw new VerbException(ExitCode.NotFound, RefusalCode.NotFound, $"The fleet has no site '{id}'. isocatalog trust show lists them.", 404);
            }

            var from = parsed.GetValue(above) ?? now;
            var known = StoredHeads.Catalog(LocalFleet.Folders(configuration), chain, [id]).Sites.GetValueOrDefault(id)?.Retained ?? [];
            var ahead = known.SelectMany(d => d.Counted).SelectMany(c => c.Entries).Where(e => e.Stamp.Ms > from.ToUnixTimeMilliseconds()).DistinctBy(e => e.Hash).ToList();
            if (ahead.Count == 0)
            {
                throw new VerbException(
                    ExitCode.NotFound,
                    RefusalCode.NotFound,
                    $"Nothing that site {id} signed, and that is here, is stamped later than {from.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC, so nothing was changed. Is the clock of this machine right "
                    + "(--above TIME goes before it)? Else run this where the drift clock-implausible names the site.",
                    404);
            }

            if (!parsed.GetValue(yes) && !Asked($"Set aside {ahead.Count} entries of site {id} that are stamped later than {from.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC? [y/N] "))
            {
                screen.Cancelled("Nothing was changed.");
                return ExitCode.Cancelled;
            }

            var next = TrustDocument.After(chain.Newest, TrustDrafts.Whole(now), TrustDrafts.Lifetime).WithClockRepaired(id, from);
            var envelope = signing.With(parsed, roots => TrustDrafts.Sign(next, roots));
            // What took the place of something earlier is said again by the site itself.
            var images = ahead.Select(e => e.Entry).OfType<ImageEntry>().Where(e => !e.Deleted && e.Obs is null).Select(TrustSetAside.Of).ToList();
            var ended = await FinishAsync(screen, config, chain, envelope, signing.Draft(parsed), null, defaults.Time, cancellationToken, images);
            images.ForEach(i => screen.Line($"  set aside: {i}"));
            return ended;
        }));
        return verb;
    }

    /// <summary>What is set aside and was not added again since.</summary>
    private static IReadOnlyList<TrustSetAside> SetAside(string config, TrustChain chain) => chain.Current.Sites.Values.Any(s => s.ClockRepairs is not null)
        ? [.. StoredHeads.Catalog(LocalFleet.Folders(LocalFleet.Configuration(config)), chain, chain.Current.Sites.Keys).SetAside.Select(TrustSetAside.Of)]
        : [];

    private static Verb Sign(CommandDefaults defaults)
    {
        var file = new Argument<string>("draft") { HelpName = "DRAFT", Description = "A trust document that waits for more signatures; rewritten in place." };
        var verb = new Verb(
            "sign",
            "Add the signature of a root key to a draft. Needs no site and no network.",
            "isocatalog trust sign trust-2.json --root-key second.pem")
        {
            file,
        };
        var common = new SiteVerb(verb, defaults);
        var signing = new RootKeyOptions(verb, draft: false);
        verb.SetAction((parsed, _) => common.RunAsync(parsed, (screen, _) =>
        {
            var path = parsed.GetRequiredValue(file);
            if (!TrustLink.TryRead(LocalFleet.Read(path, TrustLink.MaxBytes), out var link, out var violation))
            {
                throw new VerbException(ExitCode.Refused, RefusalCode.TrustRefused, $"{path} is no trust document: {violation}", 422);
            }

            var signed = signing.With(parsed, roots => Envelope.Merged(
                [link.Envelope, .. roots.Select(r => r.Sign(TrustDocument.PayloadType, link.Envelope.Payload))]));
            DurableFile.WriteAtomically(path, signed.ToJson(), Readable);
            var (have, need) = TrustDrafts.Count(signed, link.Document);
            screen.Object(new TrustReport(link.Document.Fleet.ToString(), link.Document.Version, link.Sha256, have, need, false, path), CommandJson.Readable.TrustReport);
            screen.Line($"{path}: trust version {link.Document.Version}, signed by {have} of the {need} root keys that it needs.");
            return Task.FromResult(ExitCode.Ok);
        }));
        return verb;
    }

    private static Verb Install(CommandDefaults defaults)
    {
        var file = new Argument<string>("document") { HelpName = "DOCUMENT", Description = "A trust document that enough root keys have signed." };
        var verb = new Verb("install", "Have the site on this machine take a trust document; the others get it from there.", "isocatalog trust install trust-2.json")
        {
            file,
        };
        var common = new SiteVerb(verb, defaults);
        verb.SetAction((parsed, cancellationToken) => common.RunAsync(parsed, async (screen, config) =>
        {
            var configuration = LocalFleet.Configuration(config);
            await LocalFleet.InstallAsync(configuration, LocalFleet.Read(parsed.GetRequiredValue(file), TrustLink.MaxBytes), defaults.Time, cancellationToken);
            var chain = LocalFleet.Trust(configuration).Chain;
            Report(screen, chain.Newest.Envelope, chain, installed: true, file: null);
            return ExitCode.Ok;
        }));
        return verb;
    }

    private static Verb Export(CommandDefaults defaults)
    {
        var output = new Option<string>("--out") { HelpName = "FILE", Description = "Where the join file goes.", DefaultValueFactory = _ => "join.json" };
        var verb = new Verb("export", "Write a join file for sites that the trust document lists.", "isocatalog trust export --out join.json") { output };
        var common = new SiteVerb(verb, defaults);
        verb.SetAction((parsed, _) => common.RunAsync(parsed, (screen, config) =>
        {
            var trust = LocalFleet.Trust(LocalFleet.Configuration(config));
            var path = parsed.GetRequiredValue(output);
            WriteInvitation(trust, path);
            Report(screen, trust.Chain.Newest.Envelope, trust.Chain, installed: true, path);
            return Task.FromResult(ExitCode.Ok);
        }));
        return verb;
    }

    /// <summary>With enough signatures the document is installed; without, it is a draft that goes to the next holder.</summary>
    internal static async Task<int> FinishAsync(
        Screen screen, string config, TrustChain chain, Envelope envelope, string? draft, string? join, TimeProvider time, CancellationToken cancellationToken,
        IReadOnlyList<TrustSetAside>? setAside = null)
    {
        var next = TrustLink.Of(envelope);
        var (have, need) = TrustDrafts.Count(envelope, chain.Current);
        if (have < need || draft is not null)
        {
            var path = draft ?? $"trust-{next.Document.Version}.json";
            DurableFile.WriteAtomically(Path.GetFullPath(path), envelope.ToJson(), Readable);
            screen.Object(
                new TrustReport(next.Document.Fleet.ToString(), next.Document.Version, next.Sha256, have, need, false, path) { SetAside = setAside }, CommandJson.Readable.TrustReport);
            screen.Line($"{path} is signed by {have} of {need} root keys. The other holders run: isocatalog trust sign {path} --root-key KEY");
            screen.Line($"Then, here: isocatalog trust install {path}{(join is null ? "" : $", and isocatalog trust export --out {join}")}");
            return ExitCode.Ok;
        }

        var configuration = LocalFleet.Configuration(config);
        await LocalFleet.InstallAsync(configuration, envelope.ToJson(), time, cancellationToken);
        var trust = LocalFleet.Trust(configuration);
        if (join is not null)
        {
            WriteInvitation(trust, join);
        }

        Report(screen, envelope, trust.Chain, installed: true, join, setAside);
        return ExitCode.Ok;
    }

    private static void WriteInvitation(TrustStore trust, string path) =>
        DurableFile.WriteAtomically(Path.GetFullPath(path), FleetFounding.Invitation(trust.Chain).ToJson(), Readable);

    private static void Report(Screen screen, Envelope envelope, TrustChain chain, bool installed, string? file, IReadOnlyList<TrustSetAside>? setAside = null)
    {
        var (have, need) = TrustDrafts.Count(envelope, chain.Current);
        screen.Object(
            new TrustReport(chain.Fleet.ToString(), chain.Current.Version, chain.Newest.Sha256, have, need, installed, file)
            {
                Sites = chain.Current.Sites.ToDictionary(s => s.Key, s => s.Value.Status, StringComparer.Ordinal),
                Expires = chain.Current.Expires,
                Quota = chain.Current.Params.Quota,
                SetAside = setAside is { Count: > 0 } ? setAside : null,
            },
            CommandJson.Readable.TrustReport);
        screen.Line($"Fleet {chain.Fleet}, trust version {chain.Current.Version} ({chain.Newest.Sha256.ToString()[..16]}), ends {chain.Current.Expires:yyyy-MM-dd}, "
            + $"{chain.Current.Root.Threshold} of {chain.Current.Root.Keys.Count} root keys sign.");
        if (file is not null)
        {
            screen.Line($"Join file: {file}. It holds no secret. At the new site: isocatalog join {Path.GetFileName(file)}");
        }
    }

    private static void Confirm(string found, string? told, bool yes)
    {
        if (told is not null)
        {
            if (!string.Equals(Digits(told), Digits(found), StringComparison.OrdinalIgnoreCase))
            {
                throw new VerbException(
                    ExitCode.Refused, "fingerprint-differs",
                    $"The request has the fingerprint {found}, and you were told {told}. Somebody may have changed it on its way: do not let it in; get a new request.", 422);
            }

            return;
        }

        if (!yes && !Asked("Is this what the new site showed? [y/N] "))
        {
            throw new VerbException(ExitCode.Cancelled, "cancelled", "Nothing was changed.");
        }
    }

    private static string Digits(string text) => string.Concat(text.Where(char.IsLetterOrDigit));

    internal static bool Asked(string question)
    {
        if (Console.IsInputRedirected)
        {
            throw VerbException.Usage("Nobody is here to be asked. Give --fingerprint, or --yes.");
        }

        Console.Error.Write(question);
        return Console.ReadLine() is { } answer && answer.Trim() is "y" or "Y" or "yes";
    }

    /// <summary>What every verb of this family has.</summary>
    internal sealed class SiteVerb
    {
        private readonly Option<string> _config;
        private readonly Option<bool> _json = new("--json") { Description = "Write one JSON object on stdout." };

        public SiteVerb(Command verb, CommandDefaults defaults)
        {
            _config = new Option<string>("--config")
            {
                HelpName = "FILE",
                Description = $"The configuration of the site on this machine. Default: $ISOCATALOG_CONFIG, else {DefaultPaths.Configuration}.",
                DefaultValueFactory = _ => defaults.Config,
            };
            verb.Options.Add(_config);
            verb.Options.Add(_json);
        }

        public Task<int> RunAsync(ParseResult parsed, Func<Screen, string, Task<int>> work)
        {
            var screen = new Screen(parsed.GetValue(_json), quiet: false);
            return Verb.RunAsync(screen, async () =>
            {
                try
                {
                    return await work(screen, parsed.GetRequiredValue(_config));
                }
                catch (FleetFoundingException e)
                {
                    throw new VerbException(ExitCode.Refused, "invalid-request", e.Message, 422);
                }
                catch (SiteStartException e)
                {
                    throw new VerbException(ExitCode.ConfigurationInvalid, e.Code, e.Message);
                }
            });
        }
    }
}

/// <summary>What the verbs of <c>trust</c> say with <c>--json</c>.</summary>
/// <param name="Sha256">Of the document's payload.</param>
/// <param name="Signatures">Of different root keys.</param>
/// <param name="Threshold">How many are needed.</param>
/// <param name="Installed">The site on this machine has it.</param>
/// <param name="File">What was written: a join file, or a draft.</param>
internal sealed record TrustReport(string Fleet, long Version, Sha256Digest Sha256, int Signatures, int Threshold, bool Installed, string? File)
{
    public IReadOnlyDictionary<string, string>? Sites { get; init; }

    public DateTimeOffset? Expires { get; init; }

    /// <summary>How much any one site may put into the catalog.</summary>
    public SiteQuota? Quota { get; init; }

    /// <summary>Images that clock repairs took out of the catalog, and that were not added again.</summary>
    public IReadOnlyList<TrustSetAside>? SetAside { get; init; }
}

/// <summary>An image that was stamped in the future: add its file again.</summary>
/// <param name="Site">Who stamped it.</param>
/// <param name="Stamped">When it was, by that site's clock.</param>
internal sealed record TrustSetAside(ImageId Image, string Name, string Site, DateTimeOffset Stamped)
{
    public static TrustSetAside Of(ImageEntry entry) => new(entry.Image, entry.Value.FileName, entry.Stamp.Site, ClockRules.At(entry.Stamp.Ms));

    public override string ToString() => $"{Name} ({Image}), stamped {Stamped:yyyy-MM-dd HH:mm:ss} UTC by {Site}. Add it again: isocatalog add FILE";
}
