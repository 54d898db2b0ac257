using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using IsoCatalog.Appliance.Configuration.Values;
using IsoCatalog.Appliance.Documents;
using IsoCatalog.Appliance.Fleet;
using IsoCatalog.Appliance.Wording;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Trust;

namespace IsoCatalog.Appliance.Commands;

/// <summary><c>isocatalog trust quota</c>: how much one site may put into the catalog.</summary>
internal static class TrustQuota
{
    public static Verb Build(CommandDefaults defaults)
    {
        var entries = Number("--entries", 16, "Entries of a site in all, removed ones included; the last 5 % are kept for removals and recalls.");
        var names = Number("--names", 0, "Images that a site has in the catalog.");
        var aliases = Number("--aliases", 0, "Aliases that a site has set.");
        var bytes = new Option<long?>("--bytes") { HelpName = "SIZE", Description = "All images of a site together, such as 500GB.", CustomParser = Size };
        var none = new Option<bool>("--none") { Description = "No quota any more." };
        var yes = new Option<bool>("--yes", "-y") { Description = "Do not ask." };
        var verb = new Verb(
            "quota",
            "Bound how much any one site may put into the catalog, from the new trust document on. What is not given is not bounded. 'trust show' says how much of it is used.",
            "isocatalog trust quota --names 2000 --aliases 100 --bytes 20TB --root-key root-key.pem",
            "isocatalog trust quota --none --root-key root-key.pem")
        {
            entries, names, aliases, bytes, none, yes,
        };
        verb.Rule(result =>
        {
            if (result.GetResult(none) is not null == new Option[] { entries, names, aliases, bytes }.Any(o => result.GetResult(o) is not null))
            {
                result.AddError("Say what a site may have (--entries, --names, --aliases, --bytes), or --none.");
            }
        });
        var common = new TrustCommand.SiteVerb(verb, defaults);
        var signing = new RootKeyOptions(verb);
        verb.SetAction((parsed, cancellationToken) => common.RunAsync(parsed, async (screen, config) =>
        {
            var chain = LocalFleet.Trust(LocalFleet.Configuration(config)).Chain;
            var quota = parsed.GetValue(none) ? null : new SiteQuota
            {
                Since = chain.Current.Version + 1,
                Entries = parsed.GetValue(entries),
                Names = parsed.GetValue(names),
                Aliases = parsed.GetValue(aliases),
                Bytes = parsed.GetValue(bytes),
            };
            var beyond = quota is null ? [] : Used(config, chain).Where(u => u.Use.Excess(quota) is not null).Select(u => $"{u.Site} has {u.Use.Excess(quota)}").ToList();
            if (beyond.Count > 0 && !parsed.GetValue(yes)
                && !TrustCommand.Asked($"{string.Join("; ", beyond)}. What is there stays; such a site adds nothing until it has removed enough. Set the quota? [y/N] "))
            {
                screen.Cancelled("Nothing was changed.");
                return ExitCode.Cancelled;
            }

            var next = TrustDocument.After(chain.Newest, TrustDrafts.Whole(defaults.Time.GetUtcNow()), TrustDrafts.Lifetime).WithQuota(quota);
            var envelope = signing.With(parsed, roots => TrustDrafts.Sign(next, roots));
            return await TrustCommand.FinishAsync(screen, config, chain, envelope, signing.Draft(parsed), null, defaults.Time, cancellationToken);
        }));
        return verb;
    }

    /// <summary>What <c>trust show</c> says of it.</summary>
    public static void Show(Screen screen, string config, TrustChain chain)
    {
        if (chain.Current.Params.Quota is not { } quota)
        {
            return;
        }

        screen.Line($"  quota of each site since version {quota.Since}: {Text(quota.Entries, quota.Names, quota.Aliases, quota.Bytes)}");
        foreach (var (site, use) in Used(config, chain))
        {
            screen.Line($"    {site} has {Text(use.Entries, use.Names, use.Aliases, use.Bytes)}{(use.Excess(quota) is null ? "" : ": beyond it")}");
        }
    }

    private static string Text(int? entries, int? names, int? aliases, long? bytes)
    {
        string?[] parts =
        [
            entries is null ? null : $"{entries} entries", names is null ? null : $"{names} images", aliases is null ? null : $"{aliases} aliases",
            bytes is null ? null : Plain.Size(bytes.Value),
        ];
        return string.Join(", ", parts.OfType<string>());
    }

    /// <summary>Of each active site, from the documents of it that are here.</summary>
    private static List<(string Site, QuotaUse Use)> Used(string config, TrustChain chain)
    {
        var sites = chain.Current.Sites.Where(s => s.Value.Status == SiteStatus.Active).Select(s => s.Key).Order(StringComparer.Ordinal).ToList();
        var view = StoredHeads.Catalog(LocalFleet.Folders(LocalFleet.Configuration(config)), chain, sites).View;
        return [.. sites.Select(s => (s, QuotaUse.Of(view.StatedBy(s))))];
    }

    private static Option<int?> Number(string name, int least, string description)
    {
        const int Most = 100_000;
        return new Option<int?>(name)
        {
            HelpName = "N",
            Description = $"{description} {least} to {Most}.",
            CustomParser = result =>
            {
                if (int.TryParse(result.Tokens.Count > 0 ? result.Tokens[0].Value : "", NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= Most)
                {
                    return number;
                }

                result.AddError($"{name} is a number from {least} to {Most}.");
                return null;
            },
        };
    }

    private static long? Size(ArgumentResult result)
    {
        var text = result.Tokens.Count > 0 ? result.Tokens[0].Value : "";
        if (Quantities.Bytes(text, out var bytes) && bytes <= StrictJson.MaxNumber)
        {
            return bytes;
        }

        result.AddError($"'{text}' is no size: a whole number and a unit, such as 500GB or 20TB.");
        return null;
    }
}
