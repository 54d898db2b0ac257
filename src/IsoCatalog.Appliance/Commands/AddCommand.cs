using System.CommandLine;
using System.CommandLine.Parsing;
using IsoCatalog.Appliance.Wording;
using IsoCatalog.Client;
using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Appliance.Commands;

/// <summary>What the user of <c>add</c> asked for; the same for each file.</summary>
/// <param name="Timeout">For the wait of each file.</param>
internal sealed record AddWishes(Sha256Digest? Sha256, string? Name, string? Title, string? Kind, bool Replace, bool Wait, TimeSpan Timeout);

/// <summary><c>isocatalog add</c>: files become images, followed until they are advertised everywhere.</summary>
internal static class AddCommand
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromMinutes(10);

    public static Command Build(CommandDefaults defaults)
    {
        var files = new Argument<string[]>("file") { Description = "ISO images.", Arity = ArgumentArity.OneOrMore };
        var sha256 = new Option<Sha256Digest?>("--sha256")
        {
            Description = "The SHA-256 that the publisher names; other bytes are refused.",
            HelpName = "HEX",
            CustomParser = Digest,
        };
        var name = new Option<string?>("--name") { Description = "The file name on every surface. Default: the file's own.", HelpName = "NAME.iso" };
        var title = new Option<string?>("--title") { Description = "What customers read.", HelpName = "TEXT" };
        var kind = new Option<string?>("--kind") { Description = "installer, live, rescue, drivers or other.", HelpName = "KIND" };
        var replace = new Option<bool>("--replace")
        {
            Description = "In the place of an image that has the name: that one is removed in the same step. A surface shows the new bytes once the old are out of sight there and nobody holds them.",
        };
        var noWait = new Option<bool>("--no-wait") { Description = "End once the image is safe and signed; do not wait until it is advertised." };
        var timeout = new Option<TimeSpan?>("--timeout")
        {
            Description = "How long to wait for each image to be advertised, such as 90s, 10m or 1h. Default: 10m.",
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
        command.Validators.Add(result =>
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

    /// <returns>What the first file that failed ended with.</returns>
    private static async Task<int> RunAsync(Session session, string[] files, AddWishes wishes, CancellationToken cancellationToken)
    {
        var siteName = wishes.Wait ? (await session.Site.GetStatusAsync(cancellationToken)).Site : "";
        var result = ExitCode.Ok;
        foreach (var file in files)
        {
            var ended = await OneAsync(session, siteName, file, wishes, cancellationToken);
            result = result == ExitCode.Ok ? ended : result;
        }

        return result;
    }

    private static async Task<int> OneAsync(Session session, string siteName, string file, AddWishes wishes, CancellationToken cancellationToken)
    {
        try
        {
            return await Steps.FollowAsync(
                session.Screen, Path.GetFileName(file), steps => new FileAdd(session, wishes, steps).RunAsync(siteName, file, cancellationToken))
                is var added && added.Advertised is false
                    ? InVain(session.Screen, added, wishes)
                    : Added(session.Screen, added);
        }
        catch (ApplianceException refused)
        {
            return Refused(session.Screen, file, refused.Problem, ExitCode.Of(refused.Problem));
        }
        catch (VerbException refused)
        {
            return Refused(session.Screen, file, refused.Problem, refused.ExitCode);
        }
    }

    private static int Added(Screen screen, AddedFile added)
    {
        screen.Object(added, CommandJson.Default.AddedFile);
        screen.Value(added.Id.ToString());
        screen.Line($"{added.Name}  {added.Id}  {Plain.Size(added.Size)}");
        screen.Line($"  added in {added.Seconds.Add:0.0} s"
            + (added.Advertised is null ? ", not waited for"
                : added.Surfaces is { Count: 0 } ? "; the site has no surfaces that could advertise it"
                : $", advertised {added.Seconds.Advertise:0.0} s later on {string.Join(", ", added.Surfaces!.Keys)}"));
        Warn(screen, added);
        return ExitCode.Ok;
    }

    private static void Warn(Screen screen, AddedFile added)
    {
        foreach (var warning in added.Warnings)
        {
            screen.Warning($"{added.Name}: {warning}");
        }

        if (added.Faults is { } faults)
        {
            screen.Warning($"{added.Name}: it would have been refused, and was taken because its SHA-256 is the one given by {faults.HashBy}. Lists and drift go on saying so.");
        }
    }

    private static int InVain(Screen screen, AddedFile added, AddWishes wishes)
    {
        screen.Object(added, CommandJson.Default.AddedFile);
        screen.Value(added.Id.ToString());
        screen.Line($"{added.Name}  {added.Id}  {Plain.Size(added.Size)}");
        foreach (var (surface, cell) in added.Surfaces!)
        {
            screen.Line($"  {surface}: {CellText.State(cell)}{(cell.Reason is { } reason ? " - " + reason : "")}");
        }

        Warn(screen, added);
        screen.ToError(
            $"error: {added.Name} was added and is safe, but was not advertised everywhere within {Plain.Span(wishes.Timeout)}. "
            + $"The site goes on; see `isocatalog show {added.Name}`.");
        return ExitCode.TimedOut;
    }

    private static int Refused(Screen screen, string file, Problem problem, int exitCode)
    {
        screen.ToError("error: " + Screen.Words(problem));
        screen.Object(
            new RefusedFile(file, problem.Type, problem.Title, problem.Status, problem.Detail, problem.Image, problem.Remedy), CommandJson.Default.RefusedFile);
        return exitCode;
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
