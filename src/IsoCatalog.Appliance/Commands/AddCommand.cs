using System.CommandLine;
using System.CommandLine.Parsing;
using IsoCatalog.Client;
using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Appliance.Commands;

/// <summary>What the user of <c>add</c> asked for; the same for each file.</summary>
/// <param name="Timeout">How long to wait for the surfaces once the last file is read.</param>
internal sealed record AddWishes(Sha256Digest? Sha256, string? Name, string? Title, string? Kind, bool Replace, bool Wait, TimeSpan Timeout);

/// <summary><c>isocatalog add</c>: files become images, followed until they are advertised everywhere.</summary>
internal static class AddCommand
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromMinutes(10);

    public static Command Build(CommandDefaults defaults)
    {
        var files = new Argument<string[]>("file") { HelpName = "FILE", Description = "ISO images.", Arity = ArgumentArity.OneOrMore };
        var sha256 = new Option<Sha256Digest?>("--sha256")
        {
            Description = "The SHA-256 that the publisher names; other bytes are refused.",
            HelpName = "HEX",
            CustomParser = Digest,
        };
        var name = new Option<string?>("--name") { Description = "The file name on every surface. Default: the file's own.", HelpName = "NAME.iso" };
        var title = new Option<string?>("--title") { Description = "What customers read.", HelpName = "TEXT" };
        var kind = Choice.Option("--kind", ImageKinds.All, "What it is for.");
        var replace = new Option<bool>("--replace")
        {
            Description = "In the place of an image that has the name: that one is removed in the same step. A surface shows the new bytes once the old are out of sight there and nobody holds them.",
        };
        var noWait = new Option<bool>("--no-wait") { Description = "End once the image is safe and signed; do not wait until it is advertised." };
        var timeout = new Option<TimeSpan?>("--timeout")
        {
            Description = "How long to wait, once the last file is read, until all are advertised, such as 90s, 10m or 1h. Default: 10m.",
            HelpName = "TIME",
            CustomParser = result => WaitTime.Parse(result),
        };
        var command = new Verb(
            "add",
            "Add ISO images to the catalog, and wait until every surface of the site advertises them.",
            "isocatalog add debian-12.iso --sha256 1d52b5... --title \"Debian 12\" --kind installer",
            "isocatalog add /mnt/usb/*.iso --no-wait",
            "isocatalog add new/debian-12.iso --replace",
            "isocatalog add rescue.iso --server https://isos.example.com:8443 --token-file ~/.isocatalog-token")
        {
            files, sha256, name, title, kind, replace, noWait, timeout,
        };
        command.Rule(result =>
        {
            if (result.GetValue(files) is { Length: > 1 } && (result.GetResult(sha256) is not null || result.GetResult(name) is not null))
            {
                result.AddError("--sha256 and --name say something about one file; add the others apart.");
            }
        });
        var site = SiteOptions.On(command, defaults);
        command.SetAction((parsed, cancellationToken) => site.RunAsync(parsed, session => RunAsync(
            session,
            parsed.GetRequiredValue(files),
            new AddWishes(
                parsed.GetValue(sha256),
                parsed.GetValue(name),
                parsed.GetValue(title),
                parsed.GetValue(kind),
                parsed.GetValue(replace),
                Wait: !parsed.GetValue(noWait),
                parsed.GetValue(timeout) ?? DefaultTimeout),
            cancellationToken)));
        return command;
    }

    private static async Task<int> RunAsync(Session session, string[] files, AddWishes wishes, CancellationToken cancellationToken)
    {
        var paths = new List<string>();
        foreach (var file in files)
        {
            var path = file.Length > 0 ? Path.GetFullPath(file) : throw VerbException.Usage("A file needs a name that is not empty.");
            if (paths.Contains(path))
            {
                session.Screen.Warning($"{path} is named more than once; it is added once.");
            }
            else
            {
                paths.Add(path);
            }
        }

        var siteName = wishes.Wait ? (await session.Site.GetStatusAsync(cancellationToken)).Site : "";
        return await Bars.ShowAsync(session.Screen, session.Time, bars => new AddRun(session, siteName, wishes, bars).RunAsync(paths, cancellationToken));
    }

    private static Sha256Digest? Digest(ArgumentResult result)
    {
        var text = result.Tokens.Count > 0 ? result.Tokens[0].Value : "";
        if (Sha256Digest.TryParse(text.StartsWith("sha256:", StringComparison.Ordinal) ? text["sha256:".Length..] : text, out var digest))
        {
            return digest;
        }

        result.AddError($"--sha256 {text}: a SHA-256 has 64 hexadecimal digits.");
        return null;
    }
}
