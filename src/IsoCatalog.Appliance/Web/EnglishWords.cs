using IsoCatalog.Appliance.Access;
using IsoCatalog.Appliance.Wording;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Web;

internal sealed class EnglishWords : Words
{
    public override string Tag => "en";

    public override string Name => "English";

    public override string Live => "live";

    public override string NotConnected => "not connected";

    public override string LanguageTitle => "Language";

    public override string Skip => "Skip to the images";

    public override string SignIn => "Sign in";

    public override string SignOut => "Sign out";

    public override string TokenLabel => "Token with the role operator";

    public override string NoForm => "That was no sign-in form.";

    public override (string Before, string After) TokenHint => (
        "The tokens of this site stand, as hashes, in its site.yaml;", "makes one. The browser keeps a session, not the token.");

    public override string UpSince => "up since";

    public override (string Before, string Between, string Link) Elsewhere => ("everything here is in", "and in", "the API");

    public override string Summary => "Summary";

    public override string Attention => "Attention";

    public override string OnTheWay => "On the way";

    public override string Empty => "Empty";

    public override string InOrder => "In order";

    public override string AllAdvertised => "all advertised";

    public override string NoImageYet => "no image yet";

    public override string FigureEverywhere => "advertised everywhere";

    public override string FigureOnTheWay => "on the way";

    public override string FigureHeard => "sites heard";

    public override string FigureRestorable => "restorable";

    public override string FigureFree => "free here";

    public override string DriftTitle => "Drift";

    public override string NoDrift => "Everything that is published is as it should be.";

    public override string Problem => "problem";

    public override string TransfersTitle => "On the way";

    public override string NothingOnTheWay => "Nothing is being fetched, added or sent.";

    public override string AliasMoves => "an alias moves";

    public override string AddedHere => "added here";

    public override string Sending => "sending";

    public override string Waits => "waits";

    public override string SitesTitle => "Sites";

    public override string ThisSite => "this site";

    public override string SiteOk => "ok";

    public override string SiteLate => "late";

    public override string SiteNotHeard => "not heard yet";

    public override string UpToDate => "up to date";

    public override string BehindUnknown => "how far it is behind is not known";

    public override string NoAnswerYet => "no answer yet";

    public override string ImagesTitle => "Images";

    public override string Image => "Image";

    public override string Filter => "Name, title or id";

    public override string OnlyUnready => "not advertised everywhere";

    public override string Show => "Show";

    public override string ShowAll => "all";

    public override string NoImageLikeThat => "No image is like that.";

    public override string NoImages => "There is no image yet: add one with isocatalog add, or put a file into the inbox folder.";

    public override string Where => "Advertised";

    public override string Everywhere => "everywhere";

    public override string Faulty => "Faulty:";

    public override string PagesTitle => "Pages of images";

    public override string Previous => "Previous";

    public override string Next => "Next";

    public override string LeasesTitle => "Leases";

    public override string NoLeases => "Nobody holds an image at this site.";

    public override string RetiredTitle => "Removed and restorable";

    public override string NoRetired => "No removed image is kept.";

    public override string RecallsTitle => "Recalled";

    public override string NoRecalls => "No image is recalled.";

    public override string NoReasonGiven => "no reason was given";

    public override string Surface => "Surface";

    public override string Client => "Client";

    public override string SinceTitle => "Since";

    public override string RunsOutIn => "Runs out in";

    public override string SizeTitle => "Size";

    public override string Removed => "Removed";

    public override string KeptUntil => "Kept until";

    public override string Why => "Why";

    public override string By => "By";

    public override string LeasesHere => "Leases here";

    public override string JustNow => "just now";

    protected override string Unknown => "unknown";

    protected override string Late => "late";

    protected override IReadOnlyList<string> Units { get; } = ["B", "KiB", "MiB", "GiB", "TiB"];

    protected override string PerSecond => "s";

    protected override (string Seconds, string Minutes, string Hours, string Days) Spans => ("s", "min", "h", "d");

    protected override IReadOnlyList<string> Months { get; } =
        ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

    protected override char Point => '.';

    public override string Images(int count) => Some(count, "image");

    public override string Sites(int count) => Some(count, "site");

    public override string Surfaces(int count) => Some(count, "surface");

    public override string Documents(int count) => Some(count, "document");

    public override string Leases(int count) => Some(count, "lease");

    public override string FigureLeases(int count) => count == 1 ? "lease" : "leases";

    public override string FigureDrift(int count) => "drifting";

    public override string Drifting(int count) => $"{Number(count)} drifting";

    public override string NotEverywhere(int count) => $"{Number(count)} not advertised everywhere";

    public override string NotHeard(string sites) => $"{sites} not heard";

    public override string On(string where) => $"on {where}";

    public override string At(string site) => $"at {site}";

    public override string ByAt(string by, string site) => $"by {by} at {site}";

    public override string Of(string part, string whole) => $"{part} of {whole}";

    public override string Advertised(int count, int wanted) => $"{Number(count)} of {Number(wanted)} advertised";

    public override string Ready(string state, int ready, int count) => $"{state} ({ready} of {count} ready)";

    public override string SitesInOrder(int count) => $"{Some(count, "site")} ok";

    public override string Heard(string ago) => $"heard {ago}";

    public override string Behind(string what) => $"behind by {what}";

    public override string Free(string size) => $"{size} free";

    public override string LinkUp(string span) => $"link up {span}";

    public override string Left(string span) => $"{span} left";

    public override string From(string peers) => $"from {peers}";

    public override string To(string peer) => $"to {peer}";

    public override string PageOf(int number, int pages) => $"page {Number(number)} of {Number(pages)}";

    public override string More(int count) => $"{Number(count)} more";

    public override string NotShown(int count) => $"{Number(count)} more are not shown here; all of them:";

    public override string Ago(string span) => $"{span} ago";

    public override string State(CellState state) => CellWords.Of(state);

    public override string Transfer(string state) => state;

    public override string Step(string step) => step;

    public override string Refusal(AccessDecision.Refused refused) => refused.Message;

    protected override string? Plight(string? code) => code switch
    {
        _ when Waiting.Is(code) => "on the way",
        ReasonCode.Blocked => "recalled",
        ReasonCode.Hidden => "hidden",
        ReasonCode.Removed => "removed",
        _ => null,
    };

    private string Some(int count, string what) => count == 1 ? $"1 {what}" : $"{Number(count)} {what}s";
}
