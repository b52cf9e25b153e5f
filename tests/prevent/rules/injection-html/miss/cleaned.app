-- static/main/src/App.jsx --
import { invoke } from '@forge/bridge';
import DOMPurify from 'dompurify';
export default ({ html }) => <div dangerouslySetInnerHTML={{ __html: DOMPurify.sanitize(html) }} />;
