using System.CommandLine;
using System.Text.Json;
using IsoCatalog.Appliance.Wording;
using IsoCatalog.Client;
using Spectre.Console;

namespace IsoCatalog.Appliance.Commands;

/// <summary><c>isocatalog status</c>: the site at a glance.</summary>
internal static class StatusCommand
{
    private static readonly TimeSpan Refresh = TimeSpan.FromSeconds(1);

    public static Command Build(CommandDefaults defaults)
    {
        var watch = new Option<bool>("--watch", "-w")
        {
            Description = "Go on until Ctrl-C; where the output is no terminal, a new picture for each change.",
        };
        var command = new Verb(
            "status",
            "Show the site: surfaces, the other sites, what is being fetched and added, and everything that is not as it should be with the reason.",
            "isocatalog status",
            "isocatalog status --watch",
            "isocatalog status --json | jq '.drift'")
        {
            watch,
        };
        var site = SiteOptions.On(command, defaults);
        command.SetAction((parsed, cancellationToken) => site.RunAsync(parsed, async session =>
        {
            if (parsed.GetValue(watch))
            {
                await WatchAsync(session, cancellationToken);
            }
            else
            {
                Show(session, await session.Site.GetStatusAsync(cancellationToken));
            }

            return ExitCode.Ok;
        }));
        return command;
    }

    private static void Show(Session session, StatusView status)
    {
        session.Screen.Object(status, ApiJson.Readable.StatusView);
        session.Screen.Show(StatusPicture.Of(status, session.Time.GetUtcNow()));
        foreach (var drift in status.Drift)
        {
            session.Screen.Value($"{drift.Code} {drift.Surface ?? drift.Image?.ToString() ?? drift.Site ?? status.Site}");
        }
    }

    private static async Task WatchAsync(Session session, CancellationToken cancellationToken)
    {
        // The first answer comes before the picture: a site that is not there is an error, not a picture of one.
        var first = await session.Site.GetStatusAsync(cancellationToken);
        if (session.Screen.IsLive)
        {
            var before = (Status: first, At: session.Time.GetUtcNow());
            await session.Screen.MovingAsync<int>(StatusPicture.Of(first, before.At), stays: true, async show =>
            {
                while (true)
                {
                    await Task.Delay(Refresh, session.Time, cancellationToken);
                    try
                    {
                        var now = (Status: await session.Site.GetStatusAsync(cancellationToken), At: session.Time.GetUtcNow());
                        show(StatusPicture.Of(now.Status, now.At, before));
                        before = now;
                    }
                    catch (Exception away) when (away is ApplianceUnreachableException or ApplianceException { Status: >= 500 })
                    {
                        // A site that is being restarted is watched through it.
                        show(new Sentence(Screen.Cell($"{Plain.Time(session.Time.GetUtcNow())}  {away.Message}", Color.Red)));
                    }
                }
            });
        }

        Show(session, first);
        var last = Essence(first);
        while (true)
        {
            await Task.Delay(Refresh, session.Time, cancellationToken);
            var status = await session.Site.GetStatusAsync(cancellationToken);
            if (Essence(status) is var now && now != last)
            {
                last = now;
                session.Screen.Line("");
                Show(session, status);
            }
        }
    }

    /// <summary>What is worth a new picture: not that a byte of free space went, or that another site is a second older.</summary>
    private static string Essence(StatusView status) => JsonSerializer.Serialize(
        status with
        {
            FreeBytes = 0,
            Sites =
            [
                .. status.Sites.Select(s => s with
                {
                    Heard = null,
                    Age = null,
                    FreeBytes = null,
                    Catalog = null,
                    Link = s.Link is { } link ? new SiteLink(link.Address, null, null, link.Error, link.ErrorCode, link.ErrorSince, null, null) : null,
                }),
            ],
            Transfers =
            [
                .. status.Transfers.Select(t => t with
                {
                    Done = t.Size == 0 ? 0 : t.Done * 10 / t.Size,
                    Fetched = 0,
                    Rate = 0,
                    SecondsLeft = null,
                    RequestsInFlight = 0,
                    Peers = [],
                }),
            ],
            Uploads = [],
        },
        ApiJson.Readable.StatusView);
}
